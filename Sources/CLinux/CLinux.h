// What Swift's Glibc module leaves out: epoll, process descriptors, and three calls that glibc declares
// only under _GNU_SOURCE. Everything is in libc; there is nothing to link.
//
// It includes nothing, and declares by hand in plain C types: a system header included here would be
// taken for a part of this module, and Swift files that import only Glibc would then miss its names.
#ifndef PARLEY_CLINUX_H
#define PARLEY_CLINUX_H

// <sys/epoll.h>; the kernel packs the event on x86-64 and nowhere else.
#ifdef __x86_64__
#define CLINUX_PACKED __attribute__((packed))
#else
#define CLINUX_PACKED
#endif

struct epoll_event {
    unsigned int events;
    unsigned long long data;
} CLINUX_PACKED;

#define EPOLL_CLOEXEC 02000000
#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3
#define EPOLLIN 0x001u
#define EPOLLOUT 0x004u
#define EPOLLERR 0x008u
#define EPOLLHUP 0x010u

extern int epoll_create1(int flags);
extern int epoll_ctl(int epoll, int operation, int descriptor, struct epoll_event *event);
extern int epoll_wait(int epoll, struct epoll_event *events, int most, int milliseconds);

// <sys/pidfd.h>, <sys/socket.h>, <unistd.h>, <spawn.h>
extern int pidfd_open(int process, unsigned int flags);
extern int accept4(int socket, void *address, unsigned int *length, int flags);
extern int pipe2(int *descriptors, int flags);
extern int posix_spawn_file_actions_addclosefrom_np(void *actions, int from);

#endif
