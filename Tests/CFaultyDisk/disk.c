#include "disk.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

FaultyDiskCounts disk_counts;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static Machine *machines;
static Machine nameless = {.folder = "", .generation = 1};

void disk_lock(void) { pthread_mutex_lock(&mutex); }
void disk_unlock(void) { pthread_mutex_unlock(&mutex); }

/* splitmix64 */
uint64_t roll(uint64_t *dice) {
    uint64_t z = (*dice += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* Images */

static int image_reserve(Image *image, int64_t size) {
    if (size <= image->capacity) return 1;
    int64_t capacity = image->capacity ? image->capacity : 4096;
    while (capacity < size) capacity *= 2;
    unsigned char *bytes = realloc(image->bytes, (size_t)capacity);
    if (!bytes) return 0;
    image->bytes = bytes;
    image->capacity = capacity;
    return 1;
}

/* What lies between the old and the new end reads as zero. */
static int image_resize(Image *image, int64_t size) {
    if (!image_reserve(image, size)) return 0;
    if (size > image->size) memset(image->bytes + image->size, 0, (size_t)(size - image->size));
    image->size = size;
    return 1;
}

static int image_write(Image *image, const void *bytes, int64_t length, int64_t offset) {
    if (offset + length > image->size && !image_resize(image, offset + length)) return 0;
    if (length > 0) memcpy(image->bytes + offset, bytes, (size_t)length);
    return 1;
}

static int image_apply(Image *image, const Operation *operation) {
    if (!operation->bytes) return image_resize(image, operation->offset);
    return image_write(image, operation->bytes, operation->length, operation->offset);
}

/* Files */

File *file_new(void) {
    File *file = calloc(1, sizeof *file);
    if (file) file->references = 1;
    return file;
}

File *file_retain(File *file) {
    file->references++;
    return file;
}

static void operations_free(File *file) {
    while (file->first) {
        Operation *operation = file->first;
        file->first = operation->next;
        free(operation->bytes);
        free(operation);
    }
    file->last = NULL;
}

void file_drop_index(File *file) {
    for (int i = 0; i < file->region_count; i++) free(file->regions[i]);
    free(file->regions);
    file->regions = NULL;
    file->region_count = 0;
}

void file_release(File *file) {
    if (!file || --file->references > 0) return;
    operations_free(file);
    file_drop_index(file);
    free(file->live.bytes);
    free(file->durable.bytes);
    free(file);
}

static int operation_note(File *file, const void *bytes, int64_t length, int64_t offset) {
    Operation *operation = calloc(1, sizeof *operation);
    if (!operation) return 0;
    if (bytes) {
        operation->bytes = malloc(length > 0 ? (size_t)length : 1);
        if (!operation->bytes) {
            free(operation);
            return 0;
        }
        memcpy(operation->bytes, bytes, (size_t)length);
    }
    operation->length = length;
    operation->offset = offset;
    if (file->last) file->last->next = operation; else file->first = operation;
    file->last = operation;
    return 1;
}

int file_write(File *file, const void *bytes, int64_t length, int64_t offset) {
    return image_write(&file->live, bytes, length, offset) && operation_note(file, bytes, length, offset);
}

int file_truncate(File *file, int64_t size) {
    return image_resize(&file->live, size) && operation_note(file, NULL, 0, size);
}

void file_sync(File *file) {
    for (Operation *operation = file->first; operation; operation = operation->next) {
        if (!image_apply(&file->durable, operation)) abort();
    }
    operations_free(file);
}

/* What a power cut leaves */

/* Each sector of the write is old or new, or garbage within the bytes that were being written. */
static void tear(Image *image, const Operation *operation, uint64_t *dice) {
    int64_t end = operation->offset + operation->length;
    for (int64_t from = operation->offset; from < end;) {
        int64_t to = (from / SECTOR + 1) * SECTOR;
        if (to > end) to = end;
        const unsigned char *bytes = operation->bytes + (from - operation->offset);
        unsigned char garbage[SECTOR];
        uint64_t fate = roll(dice) % 8;
        if (fate == 0) {
            for (int64_t i = 0; i < to - from; i++) garbage[i] = (unsigned char)roll(dice);
            bytes = garbage;
            disk_counts.garbled++;
        }
        if (fate < 5 && !image_write(image, bytes, to - from, from)) abort();
        from = to;
    }
}

static void survive(Image *image, const Operation *operation, int chance, int tears, uint64_t *dice) {
    if (operation->bytes && tears && roll(dice) % 2) {
        tear(image, operation, dice);
        disk_counts.torn++;
    } else if ((int)(roll(dice) % 100) < chance) {
        if (!image_apply(image, operation)) abort();
        disk_counts.kept++;
    } else {
        disk_counts.dropped++;
    }
}

void file_cut(File **file, uint64_t *dice) {
    File *old = *file, *new = file_new();
    if (!new || !image_write(&new->durable, old->durable.bytes, old->durable.size, 0)) abort();
    int64_t count = 0, index = 0;
    for (Operation *operation = old->first; operation; operation = operation->next) count++;
    uint64_t manner = roll(dice) % 4;
    int64_t prefix = count ? (int64_t)(roll(dice) % (uint64_t)(count + 1)) : 0;
    for (Operation *operation = old->first; operation; operation = operation->next, index++) {
        switch (manner) {
            case 0: survive(&new->durable, operation, 0, 0, dice); break;
            /* A prefix, and the write at its end in part. */
            case 1: survive(&new->durable, operation, index < prefix ? 100 : 0, index == prefix, dice); break;
            /* Any subset: a later write may have reached the disk before an earlier one. */
            case 2: survive(&new->durable, operation, 50, 0, dice); break;
            default: survive(&new->durable, operation, 50, 1, dice); break;
        }
    }
    if (!image_write(&new->live, new->durable.bytes, new->durable.size, 0)) abort();
    *file = new;
}

/* Folders */

Entry *entry_find(Machine *machine, const char *path) {
    for (Entry *entry = machine->entries; entry; entry = entry->next) {
        if (strcmp(entry->path, path) == 0) return entry;
    }
    return NULL;
}

Entry *entry_make(Machine *machine, const char *path) {
    Entry *entry = entry_find(machine, path);
    if (entry) return entry;
    entry = calloc(1, sizeof *entry);
    if (!entry) return NULL;
    entry->path = strdup(path);
    entry->next = machine->entries;
    machine->entries = entry;
    return entry;
}

static size_t folder_length(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) : 0;
}

void entry_sync_folder(Machine *machine, const char *path) {
    size_t length = folder_length(path);
    for (Entry *entry = machine->entries; entry; entry = entry->next) {
        if (folder_length(entry->path) != length || strncmp(entry->path, path, length) != 0) continue;
        File *before = entry->durable;
        entry->durable = entry->live ? file_retain(entry->live) : NULL;
        file_release(before);
    }
}

/* What survives under this name: what is there, or what was there when the folder was last synced. */
static void entry_cut(Entry *entry, uint64_t *dice) {
    File *survivor = entry->live;
    if (entry->live != entry->durable && roll(dice) % 2) {
        survivor = entry->durable;
        disk_counts.entries++;
    }
    if (survivor) file_cut(&survivor, dice);
    file_release(entry->live);
    file_release(entry->durable);
    entry->live = survivor;
    entry->durable = survivor ? file_retain(survivor) : NULL;
}

/* Machines */

Machine *machine_of(const char *path) {
    if (!path) return &nameless;
    for (Machine *machine = machines; machine; machine = machine->next) {
        size_t length = strlen(machine->folder);
        if (strncmp(path, machine->folder, length) == 0 && (path[length] == '/' || path[length] == 0)) {
            return machine;
        }
    }
    return &nameless;
}

int machine_step(Machine *machine) {
    machine->operations++;
    return machine->until_cut > 0 && --machine->until_cut == 0;
}

int machine_fails(Machine *machine, uint32_t kind) {
    if (!(machine->fault_kinds & kind)) return 0;
    if (machine->until_fault > 0) machine->until_fault--;
    else if (!machine->fault_for_ever) return 0;
    if (machine->until_fault > 0) return 0;
    machine->failed++;
    return 1;
}

void machine_cut(Machine *machine, uint64_t seed) {
    uint64_t dice = seed;
    for (Entry *entry = machine->entries; entry; entry = entry->next) entry_cut(entry, &dice);
    machine->generation++;
    machine->is_off = 1;
    machine->until_cut = 0;
    disk_counts.cuts++;
}

static Machine *machine_named(const char *folder) {
    for (Machine *machine = machines; machine; machine = machine->next) {
        if (strcmp(machine->folder, folder) == 0) return machine;
    }
    Machine *machine = calloc(1, sizeof *machine);
    if (!machine) abort();
    machine->folder = strdup(folder);
    machine->generation = 1;
    machine->next = machines;
    machines = machine;
    return machine;
}

static void entries_free(Entry **entries) {
    while (*entries) {
        Entry *entry = *entries;
        *entries = entry->next;
        file_release(entry->live);
        file_release(entry->durable);
        free(entry->path);
        free(entry);
    }
}

static Entry *entries_copy(const Entry *entries) {
    Entry *copies = NULL;
    for (; entries; entries = entries->next) {
        if (!entries->live) continue;
        Entry *copy = calloc(1, sizeof *copy);
        File *file = file_new();
        if (!copy || !file) abort();
        const Image *image = &entries->live->live;
        if (!image_write(&file->live, image->bytes, image->size, 0)) abort();
        if (!image_write(&file->durable, image->bytes, image->size, 0)) abort();
        copy->path = strdup(entries->path);
        copy->live = file;
        copy->next = copies;
        copies = copy;
    }
    return copies;
}

static void machine_forget(Machine *machine) {
    entries_free(&machine->entries);
    machine->generation++;
    machine->is_off = 0;
    machine->until_cut = 0;
    machine->fault_kinds = 0;
    machine->failed = 0;
    machine->operations = 0;
}

/* What the header offers */

void faulty_disk_forget(const char *name) {
    disk_lock();
    machine_forget(machine_named(name));
    disk_unlock();
}

void faulty_disk_keep(const char *name) {
    disk_lock();
    Machine *machine = machine_named(name);
    entries_free(&machine->kept);
    machine->kept = entries_copy(machine->entries);
    disk_unlock();
}

void faulty_disk_revert(const char *name) {
    disk_lock();
    Machine *machine = machine_named(name);
    machine_forget(machine);
    machine->entries = entries_copy(machine->kept);
    for (Entry *entry = machine->entries; entry; entry = entry->next) {
        entry->durable = file_retain(entry->live);
    }
    disk_unlock();
}

void faulty_disk_cut_at(const char *name, int64_t operation, uint64_t seed) {
    disk_lock();
    Machine *machine = machine_named(name);
    machine->until_cut = operation;
    machine->seed = seed;
    disk_unlock();
}

void faulty_disk_cut(const char *name, uint64_t seed) {
    disk_lock();
    Machine *machine = machine_named(name);
    if (!machine->is_off) machine_cut(machine, seed);
    disk_unlock();
}

int faulty_disk_is_off(const char *name) {
    disk_lock();
    int is_off = machine_named(name)->is_off;
    disk_unlock();
    return is_off;
}

void faulty_disk_power_on(const char *name) {
    disk_lock();
    Machine *machine = machine_named(name);
    machine->is_off = 0;
    machine->until_cut = 0;
    disk_unlock();
}

void faulty_disk_fail(const char *name, uint32_t kinds, int64_t nth, int for_ever, int full) {
    disk_lock();
    Machine *machine = machine_named(name);
    machine->fault_kinds = kinds;
    machine->until_fault = nth;
    machine->fault_for_ever = for_ever;
    machine->fault_is_full = full;
    machine->failed = 0;
    disk_unlock();
}

int64_t faulty_disk_mend(const char *name) {
    disk_lock();
    Machine *machine = machine_named(name);
    machine->fault_kinds = 0;
    int64_t failed = machine->failed;
    disk_unlock();
    return failed;
}

int faulty_disk_flip(const char *path, int64_t offset) {
    disk_lock();
    Entry *entry = entry_find(machine_of(path), path);
    int found = entry && entry->live && offset < entry->live->live.size;
    if (found) {
        entry->live->live.bytes[offset] ^= 0xFF;
        if (offset < entry->live->durable.size) entry->live->durable.bytes[offset] ^= 0xFF;
    }
    disk_unlock();
    return found;
}

FaultyDiskCounts faulty_disk_counts(void) {
    disk_lock();
    FaultyDiskCounts counts = disk_counts;
    disk_unlock();
    return counts;
}

int64_t faulty_disk_operations(const char *name) {
    disk_lock();
    int64_t operations = machine_named(name)->operations;
    disk_unlock();
    return operations;
}
