#ifndef CFAULTYDISK_H
#define CFAULTYDISK_H

#include <stdint.h>

/*
 * A disk in memory that forgets what was not synced. Installed as SQLite's default VFS it carries every
 * database of the process, opened by plain paths, with locks, WAL and shared wal-index.
 *
 * The disk is divided into machines, each a folder. A file has a content that running connections see, and a
 * durable image with the list of writes and truncations since the last sync. When the power of a machine
 * goes, each file becomes its durable image plus what a seed lets survive of that list: nothing, a prefix, or
 * any subset, whole or torn at sectors of 512 bytes, some of them garbage where a write was under way. A file
 * created or deleted since its folder was last synced may be there or not; as in SQLite's VFS for Unix the
 * first sync of a new journal or write-ahead log syncs its folder. The wal-index vanishes. Handles that were
 * open stay dead for ever; new ones may be opened once the power is back.
 *
 * SQLite may assume what it assumes of a real disk: a sector that nobody writes does not change, and a sector
 * holds the old or the new bytes, or garbage within the bytes that were being written (power-safe overwrite).
 *
 * All functions are safe to call from any thread. A machine is named by its folder, without a final slash.
 */

/* Makes the disk the default VFS of this process. Returns an SQLite result code. */
int faulty_disk_install(void);

/* Forgets all files of a machine, its faults and its counts; open handles of it are dead. */
void faulty_disk_forget(const char *machine);

/* Keeps a copy of the machine's files as they are, in place of the one kept before. */
void faulty_disk_keep(const char *machine);
/* The machine's files are again as they were kept, all of it durable; open handles are dead. The power is on,
 * and no cut or fault is planned. */
void faulty_disk_revert(const char *machine);

/* Power */

/* The power goes during the n-th (from 1) write, sync, truncation, creation or deletion from now. */
void faulty_disk_cut_at(const char *machine, int64_t operation, uint64_t seed);
/* The power goes now. */
void faulty_disk_cut(const char *machine, uint64_t seed);
int faulty_disk_is_off(const char *machine);
/* The power is back, and no cut is planned. */
void faulty_disk_power_on(const char *machine);

/* Faults */

enum {
    FAULTY_DISK_READ = 1,
    FAULTY_DISK_WRITE = 2,
    FAULTY_DISK_SYNC = 4,
    FAULTY_DISK_TRUNCATE = 8,
    FAULTY_DISK_OPEN = 16,
    FAULTY_DISK_DELETE = 32,
    FAULTY_DISK_SIZE = 64,
    FAULTY_DISK_ACCESS = 128,
    FAULTY_DISK_SHARE = 256, /* mapping the wal-index */
};

/*
 * The n-th (from 1) operation of one of `kinds` fails with the SQLITE_IOERR of its kind (an open with
 * SQLITE_CANTOPEN), a write with SQLITE_FULL where `full` is set; half of what a failing write was to write
 * is written. With `for_ever` all later ones fail as well.
 */
void faulty_disk_fail(const char *machine, uint32_t kinds, int64_t nth, int for_ever, int full);
/* Takes the planned fault away. Returns how many operations have failed. */
int64_t faulty_disk_mend(const char *machine);

/* Damage */

/* Inverts the bits of one byte of a file, synced or not. Returns 0 where there is no such byte. */
int faulty_disk_flip(const char *path, int64_t offset);

/* Counts */

typedef struct {
    int64_t reads, writes, syncs, truncations, opens, deletions;
    int64_t cuts;
    int64_t kept;    /* unsynced operations that survived a cut whole */
    int64_t dropped; /* or not at all */
    int64_t torn;    /* or in part */
    int64_t garbled; /* sectors left as garbage */
    int64_t entries; /* creations and deletions that a cut undid */
} FaultyDiskCounts;

/* Sums over all machines since the start of the process. */
FaultyDiskCounts faulty_disk_counts(void);
/* Writes, syncs, truncations, creations and deletions of one machine since it was last forgotten. */
int64_t faulty_disk_operations(const char *machine);

#endif
