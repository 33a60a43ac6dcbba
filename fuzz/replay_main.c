/* Feeds files to a fuzz target without a fuzzer: what was found once is tried again in every build's tests.
 * Usage: fuzz_replay_NAME FILE-OR-FOLDER... An empty folder is a failure, since it would test nothing. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat st;
    if (!file || fstat(fileno(file), &st) != 0) {
        perror(path);
        if (file)
            fclose(file);
        return -1;
    }
    /* Exactly as large as the input, so that a sanitizer sees the first byte read behind it. */
    size_t size = (size_t)st.st_size;
    uint8_t *data = malloc(size ? size : 1);
    int done = -1;
    if (data && fread(data, 1, size, file) == size) {
        LLVMFuzzerTestOneInput(data, size);
        done = 1;
    } else {
        fprintf(stderr, "%s: cannot be read\n", path);
    }
    free(data);
    fclose(file);
    return done;
}

static int replay_folder(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder) {
        perror(path);
        return -1;
    }
    int total = 0;
    const struct dirent *entry;
    while (total >= 0 && (entry = readdir(folder))) {
        char file[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        int done = replay_file(file);
        total = done < 0 ? -1 : total + done;
    }
    closedir(folder);
    return total;
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        struct stat st;
        int done = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode) ? replay_folder(argv[i]) : replay_file(argv[i]);
        if (done == 0)
            fprintf(stderr, "%s: holds no inputs\n", argv[i]);
        if (done <= 0)
            return 1;
        total += done;
    }
    printf("%d inputs, no crash\n", total);
    return total > 0 ? 0 : 1;
}
