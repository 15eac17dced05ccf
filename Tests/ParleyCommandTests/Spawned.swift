import Foundation

/// A process started by hand. (Foundation's `Process` lets its private sockets leak into whatever is started
/// at the same time, so that waiting for a short process waits for a server started beside it.)
struct Spawned {
    let process: pid_t

    /// - Parameters:
    ///   - streams: files for standard input, output and error.
    ///   - errors: a descriptor that becomes standard error instead.
    init(
        _ program: String, _ arguments: [String], environment: [String: String], folder: String,
        streams: (String, String, String), errors: Int32? = nil
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, streams.0, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, streams.1, O_WRONLY | O_CREAT, 0o600)
        if let errors {
            posix_spawn_file_actions_adddup2(&actions, errors, 2)
        } else {
            posix_spawn_file_actions_addopen(&actions, 2, streams.2, O_WRONLY | O_CREAT, 0o600)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigemptyset(&defaults)
        sigaddset(&defaults, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        // Threads of a test may block signals, and a process inherits that.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        // There is no portable way to spawn into another folder; the shell changes to it and becomes the program.
        var words = Self.pointers(["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", folder, program] + arguments)
        var variables = Self.pointers(environment.map { "\($0)=\($1)" })
        defer { for pointer in words + variables { free(pointer) } }
        var process: pid_t = 0
        let failure = posix_spawn(&process, "/bin/sh", &actions, &attributes, &words, &variables)
        guard failure == 0 else { throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .EIO) }
        self.process = process
    }

    private static func pointers(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        texts.map { strdup($0) } + [nil]
    }

    /// - Returns: the exit status; 128 and the signal's number where a signal ended it.
    func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }
}
