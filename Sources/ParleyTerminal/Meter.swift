/// How far a long work has come. Draws nothing by itself and reads no clock: `line` says what to draw, when
/// there is something to draw.
package struct Meter: Sendable {
    package let label: String
    /// Zero where it is not known.
    package var total: Int
    private let started: Int64
    private var drawn: Int64?
    private static let patience: Int64 = 500
    private static let interval: Int64 = 100

    /// - Parameter now: milliseconds.
    package init(_ label: String, total: Int = 0, now: Int64) {
        self.label = label
        self.total = total
        started = now
    }

    /// Was anything drawn that must be wiped?
    package var isShown: Bool { drawn != nil }

    /// The line to draw now, if it is time: not in the first half second, and ten times a second at most.
    /// - Parameter share: how much of all is done, from 0 to 1, where another measure than the count tells it.
    package mutating func line(done: Int, share: Double? = nil, now: Int64) -> String? {
        guard now - started >= Self.patience, now - (drawn ?? .min / 2) >= Self.interval else { return nil }
        drawn = now
        let elapsed = max(1, now - started)
        let rate = Double(done) * 1000 / Double(elapsed)
        var parts = ["\(label) \(done)" + (total > 0 ? " of \(total)" : ""), "\(Self.short(rate))/s"]
        let share = share ?? (total > 0 ? Double(done) / Double(total) : 0)
        if share > 0.01, share < 1 {
            let left = Double(elapsed) * (1 - share) / share
            parts.append("\(Int(share * 100)) %")
            if left < 1e12 {
                parts.append("\(TimeWords.length(milliseconds: Int64(left)) ?? "a moment") left")
            }
        }
        return parts.joined(separator: ", ")
    }

    /// `930`, `12 k`, `1.4 M`.
    package static func short(_ number: Double) -> String {
        switch number {
        case ..<10_000: String(Int(number))
        case ..<1_000_000: "\(Int(number / 1000)) k"
        default: "\(Double(Int(number / 100_000)) / 10) M"
        }
    }
}

extension Sink {
    /// Draws over the line drawn last; nothing where this is no terminal.
    package func draw(_ line: String, width: Int) throws(SinkError) {
        guard isTerminal else { return }
        try write("\r" + line.cut(to: max(1, width - 1)) + "\u{1B}[K")
        try flush()
    }

    package func wipe() throws(SinkError) {
        guard isTerminal else { return }
        try write("\r\u{1B}[K")
        try flush()
    }
}
