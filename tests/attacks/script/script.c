/* Makes the hostcalls that its standard input lists, one a line, with arguments that no libc would pass. What can be
 * imported, and with which parameters, stands before this text (script.py, from the tables).
 *
 *   [*COUNT] CALL ARGUMENT...     makes the call, COUNT times if said
 *   ARGUMENT   a number, signed or 0x        end-N     a pointer, N bytes before the end of memory
 *              $x, $x+N     what was kept as x     =x      a pointer to a u32, kept as x where the call succeeds
 *              @TEXT   two parameters, pointer and length; %XX is a byte. &TEXT is the pointer alone
 *              out:N   a pointer to N bytes, which are shown behind the call    buf:N    the same, and the length
 *              big:N   pointer and length of a buffer that is not shown
 *              mem:HEX a pointer to these bytes, at 16    mem=x:HEX    the same, kept as x
 *              iov:P:N,...  two parameters, an array and its count; P is a number, end-N, $x, @TEXT, new (shown) or
 * self (the array) Answers a line: the errno (or, of many calls, ERRNO*COUNT,...), then what was shown, in hexadecimal.
 * Before a call all that it shows is 0xA5, and 32 bytes on both sides; `TOUCHED` says that those changed. */

enum { ARGS = 32, SHOWN = 8, FENCE = 32, ERRNOS = 256 };

static U arg[ARGS];
static unsigned args, shown_count;
static struct shown {
    uint8_t *at;
    u length;
} shown[SHOWN];
static u variable[128];
static uint8_t kept[SHOWN];
static u *kept_at[SHOWN];
static unsigned kept_count;

static void *room(u length)
{
    void *at = aligned_alloc(16, (length + 31) / 16 * 16);
    if (!at)
        exit(98);
    return at;
}

static uint8_t *fenced(u length)
{
    uint8_t *at = room(length + 2 * FENCE);
    memset(at, 0xA5, length + 2 * FENCE);
    shown[shown_count].at = at + FENCE;
    shown[shown_count++].length = length;
    return at + FENCE;
}

static u hex(const char *from)
{
    char two[3] = { from[0], from[1], 0 };
    return (u)strtoul(two, NULL, 16);
}

static u text(const char *from, u *length)
{
    uint8_t *copy = room((u)strlen(from) + 1), *to = copy;
    while (*from) {
        bool escaped = *from == '%' && from[1] && from[2];
        *to++ = escaped ? (uint8_t)hex(from + 1) : (uint8_t)*from;
        from += escaped ? 3 : 1;
    }
    *length = (u)(to - copy);
    return (u)(uintptr_t)copy;
}

static U number(const char *from)
{
    if (from[0] == '$')
        return (u)(variable[(uint8_t)from[1] & 127] + (u)strtol(from[2] ? from + 2 : "0", NULL, 0));
    if (!strncmp(from, "end", 3))
        return (u)(__builtin_wasm_memory_size(0) * 65536 + (U)strtoll(from + 3, NULL, 0));
    return from[0] == '-' ? (U)strtoll(from, NULL, 0) : strtoull(from, NULL, 0);
}

static void vectors(char *list)
{
    u n = 1, ignored, i = 0;
    for (char *at = list; *at; at++)
        n += *at == ',';
    u *array = room(n * 8);
    char *rest;
    for (char *item = strtok_r(list, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
        char *colon = strrchr(item, ':');
        *colon = 0;
        u length = (u)number(colon + 1);
        array[i * 2] = item[0] == '@'          ? text(item + 1, &ignored)
                       : !strcmp(item, "new")  ? (u)(uintptr_t)fenced(length)
                       : !strcmp(item, "self") ? (u)(uintptr_t)array
                                               : (u)number(item);
        array[i++ * 2 + 1] = length;
    }
    arg[args++] = (u)(uintptr_t)array;
    arg[args++] = n;
}

static void argument(char *from)
{
    u length = 0;
    if (from[0] == '@' || from[0] == '&') {
        arg[args++] = text(from + 1, &length);
        if (from[0] == '@')
            arg[args++] = length;
    } else if (from[0] == '=') {
        kept[kept_count] = (uint8_t)from[1] & 127;
        kept_at[kept_count] = room(4);
        arg[args++] = (u)(uintptr_t)kept_at[kept_count++];
    } else if (!strncmp(from, "out:", 4) || !strncmp(from, "buf:", 4)) {
        length = (u)number(from + 4);
        arg[args++] = (u)(uintptr_t)fenced(length);
        if (from[0] == 'b')
            arg[args++] = length;
    } else if (!strncmp(from, "big:", 4)) {
        length = (u)number(from + 4);
        arg[args++] = (u)(uintptr_t)room(length);
        arg[args++] = length;
    } else if (!strncmp(from, "mem", 3)) {
        uint8_t *at = room((u)strlen(from) / 2 + 64);
        if (from[3] == '=')
            variable[(uint8_t)from[4] & 127] = (u)(uintptr_t)at;
        arg[args++] = (u)(uintptr_t)at;
        for (from = strchr(from, ':') + 1; from[0] && from[1]; from += 2)
            *at++ = (uint8_t)hex(from);
    } else if (!strncmp(from, "iov:", 4)) {
        vectors(from + 4);
    } else {
        arg[args++] = number(from);
    }
}

static bool fence_holds(const struct shown *one)
{
    for (u i = 0; i < FENCE; i++)
        if (one->at[i - FENCE] != 0xA5 || one->at[one->length + i] != 0xA5)
            return false;
    return true;
}

static const struct hostcall *find(const char *name)
{
    for (unsigned i = 0; i < sizeof hostcalls / sizeof *hostcalls; i++)
        if (!strcmp(hostcalls[i].name, name))
            return &hostcalls[i];
    fprintf(stderr, "script: no call %s\n", name);
    exit(99);
}

static void line(char *words)
{
    static u answers[ERRNOS];
    U times = 1;
    char *rest, *word = strtok_r(words, " ", &rest);
    if (!word)
        return;
    if (word[0] == '*') {
        times = strtoull(word + 1, NULL, 0);
        word = strtok_r(NULL, " ", &rest);
    }
    const struct hostcall *hostcall = find(word);
    args = shown_count = kept_count = 0;
    while ((word = strtok_r(NULL, " ", &rest)))
        argument(word);
    if (args != strlen(hostcall->core)) {
        fprintf(stderr, "script: %s takes %u parameters, not %u\n", hostcall->name, (u)strlen(hostcall->core), args);
        exit(99);
    }
    memset(answers, 0, sizeof answers);
    for (U i = 0; i < times; i++)
        answers[hostcall->call(arg) % ERRNOS]++;
    for (u i = 0, first = 1; i < ERRNOS; i++)
        if (answers[i]) {
            printf(times > 1 ? "%s%u*%u" : "%s%u", first ? "" : ",", i, answers[i]);
            first = 0;
        }
    for (unsigned i = 0; i < kept_count; i++)
        if (answers[0])
            variable[kept[i]] = *kept_at[i];
    for (unsigned i = 0; i < shown_count; i++) {
        printf(fence_holds(&shown[i]) ? " " : " TOUCHED");
        for (u at = 0; at < shown[i].length; at++)
            printf("%02x", shown[i].at[at]);
        if (!shown[i].length)
            printf("-");
    }
    printf("\n");
    fflush(stdout);
}

int main(void)
{
    static char words[1 << 18];
    while (fgets(words, sizeof words, stdin)) {
        words[strcspn(words, "\n")] = 0;
        line(words);
    }
    return 0;
}
