// A setting of SQLite that Swift cannot reach, since it is made by a function of variable arguments.
//
// It includes nothing, and declares by hand: <sqlite3.h> belongs to GRDB's module.
#ifndef PARLEY_CSQLITE_H
#define PARLEY_CSQLITE_H

extern int sqlite3_config(int option, ...);

// SQLite counts the bytes that it has allocated behind a lock, for a statistic that nobody reads. To be called
// before the first connection; later it does nothing.
static inline void csqlite_leave_memory_uncounted(void) { sqlite3_config(9 /* SQLITE_CONFIG_MEMSTATUS */, 0); }

#endif
