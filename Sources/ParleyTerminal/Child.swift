import Glibc

/// A program that a person chose: an editor or a pager, started by their shell's rules.
struct Child {
    let process: pid_t

    /// Runs `script` by `/bin/sh -c` with `arguments` as `$1`, `$2`..; signals are as the shell expects them.
    /// - Parameter input: becomes the child's standard input, where given.
    init(script: String, arguments: [String] = [], input: Int32? = nil) throws(SinkError) {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for number in [SIGPIPE, SIGINT, SIGQUIT, SIGTERM, SIGHUP] { sigaddset(&defaults, number) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input { posix_spawn_file_actions_adddup2(&actions, input, 0) }
        var words: [UnsafeMutablePointer<CChar>?] = (["/bin/sh", "-c", script, "parley"] + arguments).map {
            strdup($0)
        }
        defer { for word in words { free(word) } }
        words.append(nil)
        var process: pid_t = 0
        let failure = posix_spawn(&process, "/bin/sh", &actions, &attributes, words, environ)
        guard failure == 0 else { throw .failed(failure) }
        self.process = process
    }

    /// Waits for the end. Until then an interrupt from the keyboard is for the child, not for us.
    /// - Returns: the exit status; 128 and the signal's number where a signal ended it.
    func wait() -> Int32 {
        let interrupt = signal(SIGINT, SIG_IGN)
        let quit = signal(SIGQUIT, SIG_IGN)
        defer {
            signal(SIGINT, interrupt)
            signal(SIGQUIT, quit)
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }
}
