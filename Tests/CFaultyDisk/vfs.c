/* The disk as SQLite sees it: one VFS, one handle per opened file. Follows sqlite3.h; every method takes the
 * disk's lock, and a handle from before a power cut answers SQLITE_IOERR to everything. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"

typedef struct {
    sqlite3_file base;
    Machine *machine;
    File *file;
    char *path; /* NULL for a nameless temporary file */
    int64_t generation;
    int lock;
    int deletes_on_close;
    int takes_hints; /* of the size to come, since a chunk size was given */
    int syncs_folder; /* at the next sync: a journal or a write-ahead log that has just been created */
    int uses_index;
    int index_shared, index_exclusive; /* bits of the wal-index locks held */
} Handle;

static sqlite3_vfs *system_vfs;
static const sqlite3_io_methods methods;

static int is_dead(const Handle *handle) {
    return handle->generation != handle->machine->generation || handle->machine->is_off;
}

/* Takes the lock and judges whether the operation goes ahead; `leave` gives the lock back. */
static int enter(const Handle *handle, uint32_t kind, int failure) {
    disk_lock();
    if (is_dead(handle)) return SQLITE_IOERR;
    if (kind && machine_fails(handle->machine, kind)) return failure;
    return SQLITE_OK;
}

static int leave(int result) {
    disk_unlock();
    return result;
}

/* Counts a writing operation that has been noted; the power may go now. */
static int settle(Machine *machine) {
    if (!machine_step(machine)) return SQLITE_OK;
    machine_cut(machine, machine->seed);
    return SQLITE_IOERR;
}

/* Bytes */

static int read_bytes(sqlite3_file *base, void *bytes, int length, sqlite3_int64 offset) {
    Handle *handle = (Handle *)base;
    int result = enter(handle, FAULTY_DISK_READ, SQLITE_IOERR_READ);
    if (result != SQLITE_OK) return leave(result);
    disk_counts.reads++;
    Image *image = &handle->file->live;
    int64_t there = image->size > offset ? image->size - offset : 0;
    if (there > length) there = length;
    if (there > 0) memcpy(bytes, image->bytes + offset, (size_t)there);
    if (there == length) return leave(SQLITE_OK);
    memset((char *)bytes + there, 0, (size_t)(length - there));
    return leave(SQLITE_IOERR_SHORT_READ);
}

static int write_bytes(sqlite3_file *base, const void *bytes, int length, sqlite3_int64 offset) {
    Handle *handle = (Handle *)base;
    int full = handle->machine->fault_is_full;
    int result = enter(handle, FAULTY_DISK_WRITE, full ? SQLITE_FULL : SQLITE_IOERR_WRITE);
    if (result != SQLITE_OK) {
        if (!is_dead(handle)) file_write(handle->file, bytes, length / 2, offset);
        return leave(result);
    }
    disk_counts.writes++;
    if (!file_write(handle->file, bytes, length, offset)) return leave(SQLITE_IOERR_NOMEM);
    return leave(settle(handle->machine));
}

static int truncate_file(sqlite3_file *base, sqlite3_int64 size) {
    Handle *handle = (Handle *)base;
    int result = enter(handle, FAULTY_DISK_TRUNCATE, SQLITE_IOERR_TRUNCATE);
    if (result != SQLITE_OK) return leave(result);
    disk_counts.truncations++;
    if (!file_truncate(handle->file, size)) return leave(SQLITE_IOERR_NOMEM);
    return leave(settle(handle->machine));
}

static int sync_file(sqlite3_file *base, int flags) {
    (void)flags;
    Handle *handle = (Handle *)base;
    int result = enter(handle, FAULTY_DISK_SYNC, SQLITE_IOERR_FSYNC);
    if (result != SQLITE_OK) return leave(result);
    disk_counts.syncs++;
    /* A cut during a sync comes before it: what it was to make durable is up to the seed. */
    result = settle(handle->machine);
    if (result != SQLITE_OK) return leave(result);
    file_sync(handle->file);
    if (handle->syncs_folder) entry_sync_folder(handle->machine, handle->path);
    handle->syncs_folder = 0;
    return leave(SQLITE_OK);
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size) {
    Handle *handle = (Handle *)base;
    int result = enter(handle, FAULTY_DISK_SIZE, SQLITE_IOERR_FSTAT);
    if (result == SQLITE_OK) *size = handle->file->live.size;
    return leave(result);
}

/* Locks */

static void unlock_to(Handle *handle, int level) {
    File *file = handle->file;
    if (handle->lock >= SQLITE_LOCK_EXCLUSIVE && level < SQLITE_LOCK_EXCLUSIVE) file->exclusive = 0;
    if (handle->lock >= SQLITE_LOCK_PENDING && level < SQLITE_LOCK_PENDING) file->pending = 0;
    if (handle->lock >= SQLITE_LOCK_RESERVED && level < SQLITE_LOCK_RESERVED) file->reserved = 0;
    if (handle->lock >= SQLITE_LOCK_SHARED && level < SQLITE_LOCK_SHARED) file->shared--;
    if (level < handle->lock) handle->lock = level;
}

/* One step up the ladder NONE, SHARED, RESERVED, (PENDING,) EXCLUSIVE. */
static int lock_to(Handle *handle, int level) {
    File *file = handle->file;
    if (handle->lock >= level) return SQLITE_OK;
    if (level == SQLITE_LOCK_SHARED) {
        if (file->pending || file->exclusive) return SQLITE_BUSY;
        file->shared++;
    } else if (level == SQLITE_LOCK_RESERVED) {
        if (file->reserved) return SQLITE_BUSY;
        file->reserved = 1;
    } else {
        if (handle->lock < SQLITE_LOCK_RESERVED && file->reserved) return SQLITE_BUSY;
        if (handle->lock < SQLITE_LOCK_PENDING && file->pending) return SQLITE_BUSY;
        file->reserved = file->pending = 1;
        handle->lock = SQLITE_LOCK_PENDING;
        if (file->shared > 1) return SQLITE_BUSY;
        file->exclusive = 1;
    }
    handle->lock = level;
    return SQLITE_OK;
}

static int lock_file(sqlite3_file *base, int level) {
    Handle *handle = (Handle *)base;
    int result = enter(handle, 0, 0);
    return leave(result == SQLITE_OK ? lock_to(handle, level) : result);
}

static int unlock_file(sqlite3_file *base, int level) {
    Handle *handle = (Handle *)base;
    disk_lock();
    unlock_to(handle, level);
    return leave(SQLITE_OK);
}

static int check_reserved(sqlite3_file *base, int *is_reserved) {
    Handle *handle = (Handle *)base;
    int result = enter(handle, 0, 0);
    if (result == SQLITE_OK) *is_reserved = handle->file->reserved;
    return leave(result);
}

/* The wal-index */

static int map_region(sqlite3_file *base, int region, int size, int extend, void volatile **address) {
    Handle *handle = (Handle *)base;
    *address = NULL;
    int result = enter(handle, FAULTY_DISK_SHARE, SQLITE_IOERR_SHMMAP);
    if (result != SQLITE_OK) return leave(result);
    File *file = handle->file;
    if (!handle->uses_index) {
        handle->uses_index = 1;
        file->region_users++;
    }
    if (region >= file->region_count) {
        if (!extend) return leave(SQLITE_OK);
        void **regions = realloc(file->regions, sizeof(void *) * (size_t)(region + 1));
        if (!regions) return leave(SQLITE_IOERR_NOMEM);
        file->regions = regions;
        while (file->region_count <= region) file->regions[file->region_count++] = calloc(1, (size_t)size);
    }
    *address = file->regions[region];
    return leave(*address ? SQLITE_OK : SQLITE_IOERR_NOMEM);
}

static int lock_region(sqlite3_file *base, int first, int count, int flags) {
    Handle *handle = (Handle *)base;
    disk_lock();
    File *file = handle->file;
    int is_exclusive = flags & SQLITE_SHM_EXCLUSIVE;
    if (flags & SQLITE_SHM_LOCK && is_dead(handle)) return leave(SQLITE_IOERR);
    if (flags & SQLITE_SHM_LOCK) {
        for (int i = first; i < first + count; i++) {
            int mine = handle->index_shared >> i & 1;
            if (file->region_exclusive[i] && !(handle->index_exclusive >> i & 1)) return leave(SQLITE_BUSY);
            if (is_exclusive && file->region_shared[i] > mine) return leave(SQLITE_BUSY);
        }
    }
    for (int i = first; i < first + count; i++) {
        int *held = is_exclusive ? &handle->index_exclusive : &handle->index_shared;
        int *total = is_exclusive ? &file->region_exclusive[i] : &file->region_shared[i];
        int has = *held >> i & 1, wants = (flags & SQLITE_SHM_LOCK) != 0;
        *total += wants - has;
        *held = wants ? *held | 1 << i : *held & ~(1 << i);
    }
    return leave(SQLITE_OK);
}

static void index_barrier(sqlite3_file *base) {
    (void)base;
    disk_lock();
    disk_unlock();
}

static void leave_index(Handle *handle, int deletes) {
    if (!handle->uses_index) return;
    handle->uses_index = 0;
    for (int i = 0; i < SHARED_LOCKS; i++) {
        handle->file->region_shared[i] -= handle->index_shared >> i & 1;
        handle->file->region_exclusive[i] -= handle->index_exclusive >> i & 1;
    }
    handle->index_shared = handle->index_exclusive = 0;
    if (--handle->file->region_users == 0 || deletes) file_drop_index(handle->file);
}

static int unmap_index(sqlite3_file *base, int deletes) {
    disk_lock();
    leave_index((Handle *)base, deletes);
    return leave(SQLITE_OK);
}

/* Closing and opening */

static int close_file(sqlite3_file *base) {
    Handle *handle = (Handle *)base;
    disk_lock();
    leave_index(handle, 0);
    unlock_to(handle, SQLITE_LOCK_NONE);
    if (handle->deletes_on_close && handle->path && !is_dead(handle)) {
        Entry *entry = entry_find(handle->machine, handle->path);
        if (entry && entry->live == handle->file) {
            file_release(entry->live);
            entry->live = NULL;
        }
    }
    file_release(handle->file);
    free(handle->path);
    handle->path = NULL;
    return leave(SQLITE_OK);
}

/* Once a chunk size is given a file is lengthened by hints, as SQLite's own does it; by no more than what shows. */
static int control(sqlite3_file *base, int operation, void *argument) {
    Handle *handle = (Handle *)base;
    if (operation == SQLITE_FCNTL_CHUNK_SIZE) handle->takes_hints = 1;
    if (operation != SQLITE_FCNTL_SIZE_HINT) {
        return operation == SQLITE_FCNTL_CHUNK_SIZE ? SQLITE_OK : SQLITE_NOTFOUND;
    }
    if (!handle->takes_hints) return SQLITE_OK;
    int full = handle->machine->fault_is_full;
    int result = enter(handle, FAULTY_DISK_WRITE, full ? SQLITE_FULL : SQLITE_IOERR_WRITE);
    if (result != SQLITE_OK) return leave(result);
    const sqlite3_int64 shown = 32 << 10;
    sqlite3_int64 size = *(sqlite3_int64 *)argument, most = handle->file->live.size + shown;
    if (size > most) size = most;
    if (size <= handle->file->live.size) return leave(SQLITE_OK);
    disk_counts.writes++;
    if (!file_write(handle->file, "", 1, size - 1)) return leave(SQLITE_IOERR_NOMEM);
    return leave(settle(handle->machine));
}

static int sector_size(sqlite3_file *base) {
    (void)base;
    return 4096;
}

static int characteristics(sqlite3_file *base) {
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_bytes,
    .xWrite = write_bytes,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_reserved,
    .xFileControl = control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = map_region,
    .xShmLock = lock_region,
    .xShmBarrier = index_barrier,
    .xShmUnmap = unmap_index,
};

/* Finds or makes the file behind a name, and leaves a reference to it in the handle. */
static int attach(Handle *handle, const char *path, int flags) {
    Machine *machine = handle->machine;
    if (machine->is_off) return SQLITE_IOERR;
    if (machine_fails(machine, FAULTY_DISK_OPEN)) return SQLITE_CANTOPEN;
    disk_counts.opens++;
    if (!path) return (handle->file = file_new()) ? SQLITE_OK : SQLITE_IOERR_NOMEM;
    Entry *entry = entry_find(machine, path);
    int exists = entry && entry->live;
    if (!exists && !(flags & SQLITE_OPEN_CREATE)) return SQLITE_CANTOPEN;
    if (exists && flags & SQLITE_OPEN_EXCLUSIVE) return SQLITE_CANTOPEN;
    if (!exists) {
        entry = entry_make(machine, path);
        if (!entry || !(entry->live = file_new())) return SQLITE_IOERR_NOMEM;
        handle->syncs_folder = (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0;
        if (settle(machine) != SQLITE_OK) return SQLITE_IOERR;
    }
    handle->file = file_retain(entry->live);
    return SQLITE_OK;
}

static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *granted) {
    (void)vfs;
    Handle *handle = (Handle *)base;
    memset(handle, 0, sizeof *handle);
    disk_lock();
    handle->machine = machine_of(path);
    handle->deletes_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    int result = attach(handle, path, flags);
    if (result != SQLITE_OK) return leave(result);
    handle->generation = handle->machine->generation;
    handle->path = path ? strdup(path) : NULL;
    handle->base.pMethods = &methods;
    if (granted) *granted = flags;
    return leave(SQLITE_OK);
}

static int delete_file(sqlite3_vfs *vfs, const char *path, int syncs_folder) {
    (void)vfs;
    disk_lock();
    Machine *machine = machine_of(path);
    if (machine->is_off) return leave(SQLITE_IOERR);
    if (machine_fails(machine, FAULTY_DISK_DELETE)) return leave(SQLITE_IOERR_DELETE);
    Entry *entry = entry_find(machine, path);
    if (!entry || !entry->live) return leave(SQLITE_IOERR_DELETE_NOENT);
    disk_counts.deletions++;
    file_release(entry->live);
    entry->live = NULL;
    if (settle(machine) != SQLITE_OK) return leave(SQLITE_IOERR);
    if (syncs_folder) entry_sync_folder(machine, path);
    return leave(SQLITE_OK);
}

static int access_file(sqlite3_vfs *vfs, const char *path, int flags, int *answer) {
    (void)vfs;
    disk_lock();
    Machine *machine = machine_of(path);
    *answer = 0;
    if (machine->is_off) return leave(SQLITE_IOERR);
    if (machine_fails(machine, FAULTY_DISK_ACCESS)) return leave(SQLITE_IOERR_ACCESS);
    Entry *entry = entry_find(machine, path);
    int exists = entry && entry->live;
    /* As in the VFS for Unix: an empty file does not exist, but it may be written. */
    *answer = flags == SQLITE_ACCESS_EXISTS ? exists && entry->live->live.size > 0 : exists;
    return leave(SQLITE_OK);
}

static int full_path(sqlite3_vfs *vfs, const char *path, int length, char *full) {
    (void)vfs;
    if ((int)strlen(path) >= length) return SQLITE_CANTOPEN;
    strcpy(full, path);
    return SQLITE_OK;
}

/* The same bytes in every run, so that a seed replays. */
static int random_bytes(sqlite3_vfs *vfs, int count, char *bytes) {
    (void)vfs;
    uint64_t dice = 7;
    for (int i = 0; i < count; i++) bytes[i] = (char)roll(&dice);
    return count;
}

static int pause_for(sqlite3_vfs *vfs, int microseconds) {
    (void)vfs;
    return system_vfs->xSleep(system_vfs, microseconds);
}

static int current_time(sqlite3_vfs *vfs, double *days) {
    (void)vfs;
    return system_vfs->xCurrentTime(system_vfs, days);
}

static int last_error(sqlite3_vfs *vfs, int length, char *text) {
    (void)vfs, (void)length, (void)text;
    return 0;
}

int faulty_disk_install(void) {
    static sqlite3_vfs vfs = {
        .iVersion = 1,
        .szOsFile = sizeof(Handle),
        .mxPathname = 1024,
        .zName = "faulty-disk",
        .xOpen = open_file,
        .xDelete = delete_file,
        .xAccess = access_file,
        .xFullPathname = full_path,
        .xRandomness = random_bytes,
        .xSleep = pause_for,
        .xCurrentTime = current_time,
        .xGetLastError = last_error,
    };
    system_vfs = sqlite3_vfs_find(NULL);
    if (!system_vfs) return SQLITE_ERROR;
    return sqlite3_vfs_register(&vfs, 1);
}
