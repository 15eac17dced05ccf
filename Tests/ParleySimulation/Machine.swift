internal import Chance
internal import ParleyClient
internal import Synchronization

extension Dice {
    /// One of the choices, as often as its weight says.
    mutating func pick<Choice>(weighted choices: [(Choice, weight: Int)]) -> Choice {
        var left = below(choices.reduce(0) { $0 + $1.weight })
        for (choice, weight) in choices {
            if left < weight { return choice }
            left -= weight
        }
        return choices[0].0
    }
}

/// The true time, in milliseconds since 1970. It stands still while a step runs, so that two machines often
/// write in one millisecond.
final class TrueTime: Sendable {
    private let milliseconds = Mutex<Int64>(1_795_000_000_000)

    var now: Int64 { milliseconds.withLock { $0 } }
    func advance(by more: Int64) { milliseconds.withLock { $0 += more } }
}

/// One machine's clock, which may be wrong, and its randomness.
final class Machine: Sendable {
    private let time: TrueTime
    private let state: Mutex<(error: Int64, dice: Dice)>

    init(_ time: TrueTime, seed: UInt64) {
        self.time = time
        state = Mutex((0, Dice(seed)))
    }

    /// By how many milliseconds the clock is ahead of the true time.
    var error: Int64 {
        get { state.withLock { $0.error } }
        set { state.withLock { $0.error = newValue } }
    }

    func now() -> Int64 { time.now + error }

    func random(_ count: Int) -> [UInt8] {
        state.withLock { state in (0..<count).map { _ in UInt8(truncatingIfNeeded: state.dice.next() >> 24) }
        }
    }

    var ambient: Ambient { Ambient(now: { self.now() }, random: { self.random($0) }) }
}
