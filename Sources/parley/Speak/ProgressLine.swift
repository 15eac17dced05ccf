import ParleyTerminal

/// The line at a terminal that tells how far a long work has come. Nothing is drawn where nobody looks on, or
/// where the data itself goes to that terminal.
final class ProgressLine {
    private let console: Console
    private let isWatched: Bool
    private let passes: Int
    private var meter: Meter
    private var steps = 0

    /// - Parameters:
    ///   - isWatched: false where nothing may be drawn at all.
    ///   - passes: how often the work goes through everything; it is counted once.
    init(_ label: String, isWatched: Bool = true, passes: Int = 1, _ console: Console) {
        self.console = console
        self.passes = passes
        self.isWatched = isWatched && console.messages.isTerminal && !console.options.quiet
        meter = Meter(label, now: SystemAmbient.now())
    }

    /// How much is to be done in all, asked only where somebody looks on.
    func expect(_ total: () throws -> Int) rethrows {
        if isWatched { meter.total = try total() }
    }

    /// One more is done, once.
    /// - Parameter share: how much of all that is, from 0 to 1, where another measure than the count tells it.
    func step(share: @autoclosure () -> Double? = nil) throws {
        steps += 1
        guard isWatched, steps.isMultiple(of: 256),
            let line = meter.line(done: steps / passes, share: share(), now: SystemAmbient.now())
        else { return }
        try console.messages.draw(line, width: console.messages.width(environment: console.environment) ?? 80)
    }

    func wipe() { if meter.isShown { try? console.messages.wipe() } }
}
