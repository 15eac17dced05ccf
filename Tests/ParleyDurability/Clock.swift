internal import Chance
internal import ParleyClient
internal import Synchronization

/// Time that moves a millisecond at each look, and random bytes from a seed.
final class Clock: Sendable {
    private let state: Mutex<(time: Int64, dice: Dice)>

    init(seed: UInt64) { state = Mutex((1_795_000_000_000, Dice(scattered: seed))) }

    func now() -> Int64 {
        state.withLock {
            $0.time += 1
            return $0.time
        }
    }

    func random(_ count: Int) -> [UInt8] {
        state.withLock { state in (0..<count).map { _ in UInt8(truncatingIfNeeded: state.dice.next()) } }
    }

    var ambient: Ambient { Ambient(now: { self.now() }, random: { self.random($0) }) }
}
