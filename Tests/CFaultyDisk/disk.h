/* The disk without SQLite: machines, folder entries, files and what is unsynced of them. */
#ifndef FAULTY_DISK_H
#define FAULTY_DISK_H

#include <stddef.h>
#include <stdint.h>

#include "CFaultyDisk.h"

enum { SECTOR = 512, SHARED_LOCKS = 8 };

typedef struct {
    unsigned char *bytes;
    int64_t size, capacity;
} Image;

/* A write of `length` bytes at `offset`, or a truncation to `offset` where `bytes` is NULL. */
typedef struct Operation {
    struct Operation *next;
    unsigned char *bytes;
    int64_t offset, length;
} Operation;

typedef struct {
    int references; /* folder entries, live or durable, and open handles */
    Image live, durable;
    Operation *first, *last; /* what is unsynced, oldest first */
    /* SQLite's locks: how many hold SHARED, and whether somebody holds more. */
    int shared, reserved, pending, exclusive;
    /* The wal-index: regions of equal size, and its locks. */
    void **regions;
    int region_count, region_users;
    int region_shared[SHARED_LOCKS], region_exclusive[SHARED_LOCKS];
} File;

/* A name in a folder: what running programs find under it, and what a power cut would leave there. */
typedef struct Entry {
    struct Entry *next;
    char *path;
    File *live, *durable;
} Entry;

typedef struct Machine {
    struct Machine *next;
    char *folder;
    Entry *entries;
    Entry *kept; /* copies to return to; `live` alone is set */
    int64_t generation; /* a handle of an earlier one is dead */
    int is_off;
    int64_t until_cut; /* 0: no cut is planned */
    uint64_t seed;
    uint32_t fault_kinds;
    int64_t until_fault, failed;
    int fault_for_ever, fault_is_full;
    int64_t operations;
} Machine;

extern FaultyDiskCounts disk_counts;

void disk_lock(void);
void disk_unlock(void);

/* The machine whose folder holds `path`; a nameless one for everything else and for nameless files. */
Machine *machine_of(const char *path);

/* Counts a writing operation. Returns whether the power goes during it: the caller notes it and cuts. */
int machine_step(Machine *machine);
void machine_cut(Machine *machine, uint64_t seed);
/* Whether this operation is to fail. */
int machine_fails(Machine *machine, uint32_t kind);

Entry *entry_find(Machine *machine, const char *path);
Entry *entry_make(Machine *machine, const char *path);
void entry_sync_folder(Machine *machine, const char *path);

File *file_new(void);
File *file_retain(File *file);
void file_release(File *file);
/* Returns 0 where there is no memory. */
int file_write(File *file, const void *bytes, int64_t length, int64_t offset);
int file_truncate(File *file, int64_t size);
void file_sync(File *file);
/* Replaces `*file` by a new one that holds what survives of it. */
void file_cut(File **file, uint64_t *dice);
void file_drop_index(File *file);

uint64_t roll(uint64_t *dice);

#endif
