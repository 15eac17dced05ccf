import Glibc

/// Long output on a terminal, page by page.
package enum Pager {
    /// PARLEY_PAGER, then PAGER, then `less -FIRX`; nil where one of them is set to nothing or to `cat`,
    /// and on a terminal that can only print, unless PARLEY_PAGER says otherwise.
    package static func command(environment: [String: String]) -> String? {
        let usual = environment["TERM"] == "dumb" ? "" : environment["PAGER"] ?? "less -FIRX"
        let command = environment["PARLEY_PAGER"] ?? usual
        return command.trimmingSpace.isEmpty || command.trimmingSpace == "cat" ? nil : command
    }

    /// Shows the text and waits until the reader is done. A pager that cannot be started leaves the text to
    /// the caller.
    /// - Returns: was it shown?
    package static func show(_ text: String, by command: String) throws(SinkError) -> Bool {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .failed(errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let child: Child
        do {
            defer { close(ends[0]) }
            child = try Child(script: command, input: ends[0])
        } catch {
            close(ends[1])
            throw error
        }
        do {
            try Sink.writeAll(Array(text.utf8), to: ends[1])
        } catch  where error == .closed {
            // The reader has left before the end.
        }
        close(ends[1])
        let status = child.wait()
        return status != 126 && status != 127
    }
}

extension String {
    var trimmingSpace: Substring {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
