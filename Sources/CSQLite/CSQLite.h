// What Swift cannot call: `sqlite3_config` takes a list of arguments of any types. It is the same library that
// GRDB opens, and is declared by hand, so that no header of SQLite is taken for a part of this module.
#ifndef PARLEY_CSQLITE_H
#define PARLEY_CSQLITE_H

extern int sqlite3_config(int option, ...);

// SQLITE_CONFIG_MEMSTATUS: without it each piece of memory is counted, under one lock for all threads.
// To be called before the first file is opened; afterwards it does nothing, and says so by its result.
static inline int parley_sqlite_count_no_memory(void) { return sqlite3_config(9, 0); }

#endif
