/* Every limit of the runtime has its name here. Units are in the comment; a policy may lower (not raise) what says so.
 */
#ifndef WARRANT_BASE_LIMITS_H
#define WARRANT_BASE_LIMITS_H

enum {
    LIMIT_PATH = 4095,          /* bytes of a guest path, without NUL (Linux PATH_MAX - 1) */
    LIMIT_COMPONENT = 255,      /* bytes of one path component (NAME_MAX) */
    LIMIT_IOVECS = 1024,        /* elements of one iovec array (IOV_MAX); a policy may lower it, as the next */
    LIMIT_SUBSCRIPTIONS = 1024, /* elements of one poll_oneoff */
    LIMIT_TRANSFER =
        0x7fffffff,       /* bytes of one read or write, on every system; a policy may lower it, for buffers too */
    LIMIT_HANDLES = 4096, /* guest descriptors; a policy may lower it */
    LIMIT_PREOPENS = 64,  /* granted directories */
    LIMIT_NETWORK_RULES = 4096,    /* addresses that a policy grants */
    LIMIT_NAMES = 64,              /* names that a policy lets be resolved */
    LIMIT_NAME = 253,              /* bytes of one */
    LIMIT_ADDRESSES = 32,          /* addresses that a name has */
    LIMIT_LISTENERS = 64,          /* listening sockets that a guest is given */
    LIMIT_BACKLOG = 4096,          /* connections that wait to be accepted */
    LIMIT_SOCKET_BUFFER = 1 << 22, /* bytes that a guest may ask for in SO_SNDBUF and SO_RCVBUF */
    LIMIT_ARGS = 65536,            /* arguments, and environment variables */
    LIMIT_ARGS_BYTES = 1 << 20,    /* bytes of all arguments, and of all environment variables, with NULs */
    LIMIT_TRACE_LEAST = 65536,     /* bytes of a trace file: the least that a policy may set */
    LIMIT_LABELS = 64,             /* labels of one recording; their bytes: LIMIT_ARGS_BYTES */
    LIMIT_OPS = 32,                /* ops of one hostcall's plan */
    LIMIT_OPEN_TRIES = 64,     /* times that one op asks openat2: it answers EAGAIN where anybody renames meanwhile */
    LIMIT_WALK_DEPTH = 128,    /* directories that are open at once where a path is resolved component by component */
    LIMIT_WALK_STEPS = 4096,   /* components of such a path, those of its links included */
    LIMIT_WALK_LINKS = 40,     /* links in it; a policy may lower it */
    LIMIT_OP_CALLS = 1 << 16,  /* system calls of one op */
    LIMIT_RANDOM = 1 << 26,    /* bytes of one random_get */
    LIMIT_RANDOM_OP = 1 << 24, /* of them, asked for in one op; the kernel gives 32 MiB less a byte */
    LIMIT_DEVICES = 16,        /* device nodes that a policy lets be opened */
    LIMIT_READDIR =
        49152, /* bytes of directory entries that one op asks the system for; what they become fits LIMIT_STAGING */
    LIMIT_STAGING = 1 << 16,        /* bytes that pass through the host buffer in one op */
    LIMIT_READDIR_BUFFER = 1 << 18, /* bytes of a guest's buffer that one fd_readdir fills */

    LIMIT_MODULE_BYTES = 1 << 30, /* a policy may lower it (module) */
    LIMIT_TYPES = 1000000,
    LIMIT_SUBTYPES = 63,       /* supertypes above a type */
    LIMIT_FUNCTIONS = 1000000, /* imported ones included; a policy may lower it */
    LIMIT_IMPORTS = 100000,
    LIMIT_EXPORTS = 100000,
    LIMIT_GLOBALS = 1000000,
    LIMIT_TABLES = 100,              /* imported ones included; a policy may lower it */
    LIMIT_MEMORIES = 100,            /* linear memories of one module */
    LIMIT_TABLE_ELEMENTS = 10000000, /* of one table; a policy may lower it */
    LIMIT_SEGMENTS = 100000,
    LIMIT_LOCALS = 50000,        /* of one function, parameters included; a policy may lower it */
    LIMIT_PARAMS = 1000,         /* of one function type; results likewise */
    LIMIT_ENGINE_FREE = 2 << 20, /* bytes of the engine's own memory that no limit on memory counts */
    LIMIT_FRAME_SLOTS = 65535,   /* locals and operand stack of one function, 8 bytes each */
    LIMIT_STACK_SLOTS = 1 << 22, /* all frames of a guest together; engine-neutral */
    LIMIT_NESTING = 100,         /* calls into a guest from a host function that it called */
    LIMIT_CONST_DEPTH = 1000,    /* operands of a constant expression */
    LIMIT_BLOCK_DEPTH = 100000,
    LIMIT_FUNCTION_BYTES = 7654321,
    LIMIT_BR_TABLE = 65520,
    LIMIT_MEMORY_PAGES = 65536,   /* 64 KiB each, all memories of an instance together; a policy may lower it */
    LIMIT_ENGINE_BYTES = 1 << 30, /* for tables and the engine, where no policy lowers the memory */
    LIMIT_CALL_DEPTH = 20000,     /* frames; engine-neutral; a policy may lower it */
    LIMIT_NAME_BYTES = 100000,
    LIMIT_STACK_INNER = 64, /* frames of a guest's stack that are told of at a trap: the innermost, */
    LIMIT_STACK_OUTER = 32, /* and of more the outermost */
    LIMIT_STACK_READ =
        1 << 22, /* bytes of function bodies that are read again to tell where the frames of a trap are */

    LIMIT_PROFILE_NODES = 1 << 18, /* stacks that a profile keeps apart */
    LIMIT_PROFILE_DEPTH = 1000,    /* frames of one of them */
    LIMIT_PROFILE_BYTES = 1 << 29, /* what a replay tells of what it counted */
    LIMIT_COVERAGE_ROWS = 1 << 22, /* pieces of code with a source line of their own */
    LIMIT_TRACE_CHUNK = 1 << 24,   /* bytes of one chunk, uncompressed */
    LIMIT_TRACE_EVENT = 1 << 26,   /* bytes of one event */
};

#endif
