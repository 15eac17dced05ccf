/// Something that a loop will do at a time, once. Keep it to be able to cancel it.
package final class LoopTimer {
    package let deadline: ContinuousClock.Instant
    /// Among equal deadlines, the timer set first goes first.
    fileprivate let sequence: UInt64
    /// Its place in the heap; nil once fired or cancelled.
    fileprivate var position: Int?
    private var action: () -> Void
    private weak var loop: ReadinessLoop?

    init(
        _ deadline: ContinuousClock.Instant, sequence: UInt64, loop: ReadinessLoop,
        action: @escaping () -> Void
    ) {
        (self.deadline, self.sequence, self.loop, self.action) = (deadline, sequence, loop, action)
    }

    /// True until it has fired or was cancelled.
    package var isPending: Bool { position != nil }

    package func cancel() {
        loop?.forget(self)
        action = {}
    }

    func fire() {
        let action = action
        self.action = {}
        action()
    }

    fileprivate static func < (left: LoopTimer, right: LoopTimer) -> Bool {
        (left.deadline, left.sequence) < (right.deadline, right.sequence)
    }
}

/// Timers by deadline: a binary heap in which every timer knows its place, so that cancelling one among
/// thousands costs a logarithm and leaves nothing behind.
struct TimerHeap {
    private var timers: [LoopTimer] = []

    var first: LoopTimer? { timers.first }

    mutating func insert(_ timer: LoopTimer) {
        timers.append(timer)
        timer.position = timers.count - 1
        rise(timers.count - 1)
    }

    /// Takes the first timer that is due, if its number is at most `sequence`. Timers set by timers wait for
    /// the next turn, else one that sets itself anew could hold the loop for ever.
    mutating func popDue(_ now: ContinuousClock.Instant, upTo sequence: UInt64) -> LoopTimer? {
        guard let first = timers.first, first.deadline <= now, first.sequence <= sequence else { return nil }
        remove(first)
        return first
    }

    mutating func remove(_ timer: LoopTimer) {
        guard let position = timer.position else { return }
        timer.position = nil
        let last = timers.removeLast()
        guard position < timers.count else { return }
        put(last, at: position)
        rise(position)
        sink(position)
    }

    mutating func removeAll() -> [LoopTimer] {
        defer { timers = [] }
        for timer in timers { timer.position = nil }
        return timers
    }

    private mutating func rise(_ start: Int) {
        var child = start
        while child > 0, timers[child] < timers[(child - 1) / 2] {
            swap(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func sink(_ start: Int) {
        var parent = start
        while 2 * parent + 1 < timers.count {
            let (left, right) = (2 * parent + 1, 2 * parent + 2)
            let least = right < timers.count && timers[right] < timers[left] ? right : left
            guard timers[least] < timers[parent] else { return }
            swap(parent, least)
            parent = least
        }
    }

    private mutating func swap(_ one: Int, _ other: Int) {
        let timer = timers[one]
        put(timers[other], at: one)
        put(timer, at: other)
    }

    private mutating func put(_ timer: LoopTimer, at position: Int) {
        timers[position] = timer
        timer.position = position
    }
}
