/* What plain C on SQLite takes for the same work: one row a record with a packed clock blob, without a log.
   Durable: WAL, synchronous=FULL, a commit per 1,000 rows. Cells of a line are parted by 0x1f; the first is the id in
   hexadecimal. Every mode prints one line of figures, or nothing. Compiled by machine.py: cc -O2 limit.c -lsqlite3 -lzstd */
#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

enum { CELLS = 12, GROUP = 1000, MESSAGE = 180, PIECE = 128 * 1024, LINE = 1 << 17 };

static void die(const char *what) {
    fprintf(stderr, "limit: %s: %s\n", what, strerror(errno));
    exit(1);
}

static sqlite3 *database(const char *path, const char *schema) {
    sqlite3 *db;
    if (sqlite3_open(path, &db)) die(path);
    const char *settings = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000";
    if (sqlite3_exec(db, settings, 0, 0, 0) || sqlite3_exec(db, schema, 0, 0, 0)) die(sqlite3_errmsg(db));
    return db;
}

static sqlite3_stmt *prepared(sqlite3 *db, const char *sql) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, 0)) die(sqlite3_errmsg(db));
    return statement;
}

static void step(sqlite3_stmt *statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) die(sqlite3_errmsg(sqlite3_db_handle(statement)));
    sqlite3_reset(statement);
}

static void run(sqlite3 *db, const char *sql) {
    if (sqlite3_exec(db, sql, 0, 0, 0)) die(sqlite3_errmsg(db));
}

/* Rows of records. */

static const char *RECORDS =
    "CREATE TABLE IF NOT EXISTS record (id BLOB NOT NULL, clock BLOB NOT NULL, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11);"
    "CREATE UNIQUE INDEX IF NOT EXISTS record_id ON record (id);"
    "CREATE TABLE IF NOT EXISTS aside (record BLOB, field INTEGER, value, stamp INTEGER, "
    "PRIMARY KEY (record, field, stamp)) WITHOUT ROWID";
static const char *INSERT = "INSERT INTO record VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)";
static const unsigned char CLOCK[10] = {1};

static void unhex(const char *text, unsigned char id[16]) {
    for (int place = 0; place < 16; place++) {
        unsigned byte;
        if (sscanf(text + 2 * place, "%2x", &byte) != 1) die("not an id");
        id[place] = (unsigned char)byte;
    }
}

static int split(char *line, char *cells[CELLS]) {
    line[strcspn(line, "\n")] = 0;
    int count = 0;
    for (char *cell; count < CELLS && (cell = strsep(&line, "\x1f")); count++) cells[count] = cell;
    return count;
}

struct inserter { sqlite3 *db; sqlite3_stmt *statement; long count; };

static struct inserter inserter(const char *path) {
    sqlite3 *db = database(path, RECORDS);
    return (struct inserter){db, prepared(db, INSERT), 0};
}

static void insert(struct inserter *to, char *line) {
    char *cells[CELLS];
    unsigned char id[16];
    if (split(line, cells) != CELLS) die("not a row of twelve cells");
    if (to->count++ % GROUP == 0) run(to->db, "BEGIN IMMEDIATE");
    unhex(cells[0], id);
    sqlite3_bind_blob(to->statement, 1, id, 16, SQLITE_STATIC);
    sqlite3_bind_blob(to->statement, 2, CLOCK, sizeof CLOCK, SQLITE_STATIC);
    for (int place = 1; place < CELLS; place++) sqlite3_bind_text(to->statement, place + 2, cells[place], -1, SQLITE_STATIC);
    step(to->statement);
    if (to->count % GROUP == 0) run(to->db, "COMMIT");
}

static void finish(struct inserter *to) {
    if (to->count % GROUP) run(to->db, "COMMIT");
    sqlite3_finalize(to->statement);
    sqlite3_close(to->db);
}

static void import_rows(const char *rows, const char *path) {
    static char line[LINE];
    FILE *file = fopen(rows, "r");
    if (!file) die(rows);
    struct inserter to = inserter(path);
    while (fgets(line, sizeof line, file)) insert(&to, line);
    finish(&to);
}

/* Merges rows into those that are there: of each the first five values are set aside, as after a conflict, and eleven replaced;
   with `quiet` rows are looked up and compared, and written only where a value differs. */
static void merge_rows(const char *rows, const char *path, int quiet) {
    static char line[LINE];
    char *cells[CELLS];
    unsigned char id[16];
    long count = 0;
    FILE *file = fopen(rows, "r");
    if (!file) die(rows);
    sqlite3 *db = database(path, RECORDS);
    sqlite3_stmt *find = prepared(db, "SELECT rowid, clock, "
                                      "c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11 FROM record WHERE id = ?");
    sqlite3_stmt *update = prepared(db, "UPDATE record SET clock=?, c1=?, c2=?, c3=?, c4=?, c5=?, c6=?, c7=?, c8=?, c9=?, "
                                        "c10=?, c11=? WHERE rowid = ?");
    sqlite3_stmt *aside = prepared(db, "INSERT INTO aside VALUES (?, ?, ?, 1)");
    while (fgets(line, sizeof line, file)) {
        if (split(line, cells) != CELLS) die("not a row of twelve cells");
        if (count++ % GROUP == 0) run(db, "BEGIN IMMEDIATE");
        unhex(cells[0], id);
        sqlite3_bind_blob(find, 1, id, 16, SQLITE_STATIC);
        if (sqlite3_step(find) != SQLITE_ROW) die("no such row");
        int differs = 0;
        for (int place = 1; place < CELLS; place++) {
            const char *old = (const char *)sqlite3_column_text(find, place + 1);
            differs |= strcmp(old, cells[place]) != 0;
            sqlite3_bind_text(update, place + 1, cells[place], -1, SQLITE_STATIC);
        }
        for (int field = 1; !quiet && field <= 5; field++) {
            sqlite3_bind_blob(aside, 1, id, 16, SQLITE_STATIC);
            sqlite3_bind_int(aside, 2, field);
            sqlite3_bind_value(aside, 3, sqlite3_column_value(find, field + 1));
            step(aside);
        }
        if (differs || !quiet) {
            sqlite3_bind_blob(update, 1, CLOCK, sizeof CLOCK, SQLITE_STATIC);
            sqlite3_bind_int64(update, CELLS + 1, sqlite3_column_int64(find, 0));
            sqlite3_reset(find);
            step(update);
        }
        sqlite3_reset(find);
        if (count % GROUP == 0) run(db, "COMMIT");
    }
    if (count % GROUP) run(db, "COMMIT");
}

static void write_rows(const char *path, FILE *out) {
    sqlite3 *db = database(path, RECORDS);
    sqlite3_stmt *all = prepared(db, "SELECT lower(hex(id)), c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11 FROM record");
    while (sqlite3_step(all) == SQLITE_ROW)
        for (int place = 0; place < CELLS; place++) {
            fwrite(sqlite3_column_text(all, place), 1, (size_t)sqlite3_column_bytes(all, place), out);
            fputc(place + 1 < CELLS ? 0x1f : '\n', out);
        }
    fclose(out);
}

/* A clone: one process reads and compresses, the other unpacks and inserts; between them a stream. */

struct packer { int out; ZSTD_CCtx *context; long bytes; };

static void pack(struct packer *to, const char *data, size_t size, ZSTD_EndDirective how) {
    static char piece[PIECE];
    ZSTD_inBuffer in = {data, size, 0};
    size_t left;
    do {
        ZSTD_outBuffer packed = {piece, sizeof piece, 0};
        left = ZSTD_compressStream2(to->context, &packed, &in, how);
        if (ZSTD_isError(left) || write(to->out, piece, packed.pos) != (ssize_t)packed.pos) die("pack");
        to->bytes += (long)packed.pos;
    } while (how == ZSTD_e_end ? left > 0 : in.pos < in.size);
}

static ssize_t write_packed(void *cookie, const char *data, size_t size) {
    pack(cookie, data, size, ZSTD_e_continue);
    return (ssize_t)size;
}

static ssize_t read_packed(void *cookie, char *data, size_t size) {
    static char piece[PIECE];
    static ZSTD_DCtx *context;
    static ZSTD_inBuffer in = {piece, 0, 0};
    if (!context) context = ZSTD_createDCtx();
    ZSTD_outBuffer out = {data, size, 0};
    while (out.pos == 0) {
        if (in.pos == in.size) {
            ssize_t got = read(*(int *)cookie, piece, sizeof piece);
            if (got <= 0) return got;
            in.size = (size_t)got, in.pos = 0;
        }
        if (ZSTD_isError(ZSTD_decompressStream(context, &out, &in))) die("unpack");
    }
    return (ssize_t)out.pos;
}

static void clone_rows(const char *from, const char *to) {
    static char line[LINE];
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) die("socketpair");
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        struct packer packer = {ends[1], ZSTD_createCCtx(), 0};
        write_rows(from, fopencookie(&packer, "w", (cookie_io_functions_t){.write = write_packed}));
        pack(&packer, "", 0, ZSTD_e_end);
        printf("%ld\n", packer.bytes);
        exit(0);
    }
    close(ends[1]);
    FILE *in = fopencookie(&ends[0], "r", (cookie_io_functions_t){.read = read_packed});
    struct inserter inserting = inserter(to);
    while (fgets(line, sizeof line, in)) insert(&inserting, line);
    finish(&inserting);
    waitpid(child, 0, 0);
}

/* Messages of one edit, stored and passed on. */

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

struct log { sqlite3 *db; sqlite3_stmt *statement; };

static struct log logfile(const char *folder, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    sqlite3 *db = database(path, "CREATE TABLE log (position INTEGER PRIMARY KEY, bytes BLOB NOT NULL)");
    return (struct log){db, prepared(db, "INSERT INTO log (bytes) VALUES (?)")};
}

static void append(struct log *log, const char *message) {
    sqlite3_bind_blob(log->statement, 1, message, MESSAGE, SQLITE_STATIC);
    step(log->statement);
}

static int take(int from, char message[MESSAGE]) {
    for (int have = 0; have < MESSAGE;) {
        ssize_t got = read(from, message + have, (size_t)(MESSAGE - have));
        if (got <= 0) return 0;
        have += (int)got;
    }
    return 1;
}

static void give(int to, const char *message, size_t size) {
    if (write(to, message, size) != (ssize_t)size) die("write");
}

static int by_value(const void *a, const void *b) {
    double difference = *(const double *)a - *(const double *)b;
    return difference < 0 ? -1 : difference > 0;
}

static void print_times(double *times, int count) {
    qsort(times, (size_t)count, sizeof *times, by_value);
    printf("%.1f %.1f\n", times[count / 2], times[count * 99 / 100]);
}

/* The writer commits and sends, the server commits and passes on to all, each replica commits if `stores`; the last tells. */
static void hops(int clients, int count, const char *folder, int stores) {
    int up[2], back[2], (*down)[2] = calloc((size_t)clients, sizeof *down);
    char message[MESSAGE] = {0};
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, up) || socketpair(AF_UNIX, SOCK_STREAM, 0, back)) die("socketpair");
    for (int place = 0; place < clients; place++)
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, down[place])) die("socketpair");
    if (fork() == 0) {
        struct log log = logfile(folder, "server");
        close(up[0]);
        while (take(up[1], message)) {
            append(&log, message);
            for (int place = 0; place < clients; place++) give(down[place][0], message, MESSAGE);
        }
        exit(0);
    }
    pid_t replica = fork();
    if (replica == 0) {
        struct log log = stores ? logfile(folder, "replica") : (struct log){0};
        for (;;) {
            for (int place = 0; place < clients; place++)
                if (!take(down[place][1], message)) exit(0);
            if (stores) append(&log, message);
            give(back[1], message, MESSAGE);
        }
    }
    struct log log = stores ? logfile(folder, "writer") : (struct log){0};
    double *times = calloc((size_t)count, sizeof *times);
    for (int place = 0; place < count; place++) {
        double began = now();
        if (stores) append(&log, message);
        give(up[0], message, MESSAGE);
        take(back[0], message);
        times[place] = now() - began;
    }
    kill(replica, SIGTERM);
    print_times(times, count);
}

/* Clients that send all they have and wait; the server commits what has arrived in a turn, and acknowledges by a byte each. */
static void pushes(int clients, int each, const char *folder) {
    struct log log = logfile(folder, "server");
    int (*ends)[2] = calloc((size_t)clients, sizeof *ends), poll = epoll_create1(0);
    for (int place = 0; place < clients; place++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (unsigned)place};
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends[place])) die("socketpair");
        epoll_ctl(poll, EPOLL_CTL_ADD, ends[place][0], &event);
    }
    if (fork() == 0) {
        char message[MESSAGE] = {0};
        for (int turn = 0; turn < each; turn++)
            for (int place = 0; place < clients; place++) give(ends[place][1], message, MESSAGE);
        for (int place = 0; place < clients; place++)
            for (int got = 0; got < each;) {
                ssize_t count = read(ends[place][1], message, MESSAGE);
                if (count <= 0) die("read");
                got += (int)count;
            }
        exit(0);
    }
    double began = now();
    for (long stored = 0; stored < (long)clients * each;) {
        struct epoll_event events[64];
        static char data[64 * MESSAGE], ones[64];
        int ready = epoll_wait(poll, events, 64, -1);
        long turn[64] = {0};
        run(log.db, "BEGIN IMMEDIATE");
        for (int place = 0; place < ready; place++) {
            ssize_t got = recv(ends[events[place].data.u32][0], data, sizeof data, 0);
            for (ssize_t at = 0; at + MESSAGE <= got; at += MESSAGE) append(&log, data + at), turn[place]++;
        }
        run(log.db, "COMMIT");
        for (int place = 0; place < ready; place++) {
            give(ends[events[place].data.u32][0], ones, (size_t)turn[place]);
            stored += turn[place];
        }
    }
    printf("%.6f\n", (now() - began) / 1e6);
}

/* Runs a command and reports its status, seconds, processor seconds and peak KiB to a descriptor. It does so from here because
   what a process starts counts the memory of its maker as its own, and this one has next to none. */
static int spend(int report, char **command) {
    double began = now();
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(report);
        execvp(command[0], command);
        die(command[0]);
    }
    int status;
    struct rusage usage;
    if (wait4(child, &status, 0, &usage) != child) die("wait");
    struct timeval user = usage.ru_utime, system = usage.ru_stime;
    double cpu = (double)(user.tv_sec + system.tv_sec) + (double)(user.tv_usec + system.tv_usec) / 1e6;
    dprintf(report, "%d %.6f %.6f %ld\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
            (now() - began) / 1e6, cpu, usage.ru_maxrss);
    return 0;
}

int main(int count, char **word) {
    if (count < 4) return 2;
    if (!strcmp(word[1], "spend")) return spend(atoi(word[2]), word + 3);
    signal(SIGPIPE, SIG_IGN);
    if (!strcmp(word[1], "import")) import_rows(word[2], word[3]);
    else if (!strcmp(word[1], "merge")) merge_rows(word[2], word[3], 0);
    else if (!strcmp(word[1], "update")) merge_rows(word[2], word[3], 1);
    else if (!strcmp(word[1], "export")) write_rows(word[2], fopen(word[3], "w"));
    else if (!strcmp(word[1], "clone")) clone_rows(word[2], word[3]);
    else if (!strcmp(word[1], "hop")) hops(1, atoi(word[2]), word[3], 1);
    else if (!strcmp(word[1], "fan") && count == 5) hops(atoi(word[2]), atoi(word[3]), word[4], 0);
    else if (!strcmp(word[1], "push") && count == 5) pushes(atoi(word[2]), atoi(word[3]), word[4]);
    else return 2;
    return 0;
}
