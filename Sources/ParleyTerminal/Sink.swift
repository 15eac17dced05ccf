import Glibc

/// Where a write went wrong.
package enum SinkError: Error, Equatable, Sendable {
    /// The reader has closed the pipe: it has what it wanted, so this is no failure.
    case closed
    /// An `errno`.
    case failed(Int32)
}

/// Standard output or standard error: bytes are gathered and written in large pieces.
package final class Sink {
    package let descriptor: Int32
    package let isTerminal: Bool
    package let colour: Colour
    private var pending: [UInt8] = []
    private static let most = 64 * 1024

    package init(descriptor: Int32, isTerminal: Bool, colour: Colour) {
        self.descriptor = descriptor
        self.isTerminal = isTerminal
        self.colour = colour
    }

    /// The stream with this descriptor, as it finds itself.
    package convenience init(_ descriptor: Int32, choice: Colour.Choice?, environment: [String: String]) {
        let isTerminal = isatty(descriptor) == 1
        let colour = Colour(choice: choice, environment: environment, isTerminal: isTerminal)
        self.init(descriptor: descriptor, isTerminal: isTerminal, colour: colour)
    }

    /// A write to a closed pipe shall return EPIPE and not kill us.
    package static func ignoreClosedPipes() { signal(SIGPIPE, SIG_IGN) }

    package func write(_ text: String) throws(SinkError) {
        pending.append(contentsOf: text.utf8)
        if pending.count >= Self.most { try flush() }
    }

    package func write(_ bytes: [UInt8]) throws(SinkError) {
        pending.append(contentsOf: bytes)
        if pending.count >= Self.most { try flush() }
    }

    package func line(_ text: String) throws(SinkError) { try write(text + "\n") }

    package func flush() throws(SinkError) {
        let bytes = pending
        pending.removeAll(keepingCapacity: true)
        try Self.writeAll(bytes, to: descriptor)
    }

    package static func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws(SinkError) {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                done += count
            } else if errno == EPIPE {
                throw .closed
            } else if errno != EINTR {
                throw .failed(errno)
            }
        }
    }

    /// The columns of the terminal: COLUMNS, then what the terminal says, then 80; nil for a pipe or a file.
    package func width(environment: [String: String]) -> Int? {
        guard isTerminal else { return nil }
        if let given = environment["COLUMNS"].flatMap({ Int($0) }), given > 0 { return given }
        return Self.size(of: descriptor)?.columns ?? 80
    }

    package static func size(of descriptor: Int32) -> (columns: Int, rows: Int)? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }
}
