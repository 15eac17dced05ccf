import Foundation
import Synchronization

/// One thread, one loop. A turn goes
///
/// 1. wait until something is ready or a timer is due;
/// 2. everything that is ready is **read**, within bounds, and timers that are due fire;
/// 3. `onTurnEnd`, once: the place to commit what arrived, and to answer it;
/// 4. what was sent is **written**, and what ended says so.
///
/// A loop and all that lives on it belong to one thread; only where many channels have something to write in one
/// turn do several threads encrypt it, while this one waits for them. The loop must outlive its channels, listeners
/// and timers: when it goes away they fall silent, and their descriptors are closed as they are released.
package final class ReadinessLoop {
    /// Called once in every turn, after all reading and before all writing.
    package var onTurnEnd: () -> Void = {}

    /// Where channels read to, and where they gather small pieces to write: one buffer for all of them.
    var scratch = [UInt8](repeating: 0, count: 65_536)

    private var poller: Poller
    private var watches: [UInt64: Watch] = [:]
    private var unwatchable: [UInt64: Watch] = [:]
    private var timers = TimerHeap()
    private var signalWatch: Watch?
    private var startOfTurn: [() -> Void] = []
    private var endOfTurn: [() -> Void] = []
    private var writing: [Channel] = []
    private var counter: UInt64 = 0
    private var isStopped = false

    package init() throws(TransportError) {
        _ = brokenPipesAreErrors
        poller = try Poller()
    }

    /// Watches and timers hold closures that hold channels that hold them: let go of all.
    deinit {
        for watch in watches.values { watch.cancel() }
        for timer in timers.removeAll() { timer.cancel() }
    }

    /// The monotonic clock. It counts the time the machine sleeps, so a laptop that wakes up finds its
    /// timers due.
    package var now: ContinuousClock.Instant { .now }
}

// MARK: - Turning

extension ReadinessLoop {
    /// Turns until `stop` is called.
    package func run() throws(TransportError) {
        isStopped = false
        while !isStopped { try runOnce() }
    }

    /// Lets `run` return at the end of this turn.
    package func stop() { isStopped = true }

    /// One turn, which waits at most as long as `timeout`, or as the first timer allows.
    package func runOnce(_ timeout: Duration? = nil) throws(TransportError) {
        let count = try poller.wait(patience(timeout))
        begin()
        for index in 0..<count {
            let (token, ready) = poller.ready(index)
            watches[token]?.notify(ready)
        }
        for watch in unwatchable.values { watch.notify([.read, .write]) }
        fireTimers()
        onTurnEnd()
        finish()
    }

    private func patience(_ timeout: Duration?) -> Duration? {
        let isBusy = unwatchable.values.contains { !$0.interest.isEmpty }
        if isBusy || !startOfTurn.isEmpty || !endOfTurn.isEmpty { return .zero }
        guard let first = timers.first else { return timeout }
        let untilFirst = max(.zero, first.deadline - now)
        return min(untilFirst, timeout ?? untilFirst)
    }

    /// What these lists grow by while they are worked off waits for the next turn.
    private func begin() {
        let work = startOfTurn
        startOfTurn = []
        for item in work { item() }
    }

    private func finish() {
        sealAhead()
        let work = endOfTurn
        endOfTurn = []
        for item in work { item() }
    }

    /// Encrypts side by side what many channels have to say. For a few it is not worth waking a thread.
    private func sealAhead() {
        let channels = writing
        writing = []
        guard channels.count >= 2 * Self.recordsAtOnce else { return }
        let records = channels.map(\.recordAhead)
        let groups = channels.count / Self.recordsAtOnce + 1
        let sealed = Mutex([[SealedRecord?]](repeating: [], count: groups))
        DispatchQueue.concurrentPerform(iterations: groups) { group in
            let some = records.dropFirst(group * Self.recordsAtOnce).prefix(Self.recordsAtOnce)
            let done = some.map { $0?.sealed() }
            sealed.withLock { $0[group] = done }
        }
        for (channel, record) in zip(channels, sealed.withLock { Array($0.joined()) }) {
            if let record { channel.take(record) }
        }
    }

    /// That many take about 0.1 ms, and to wake a thread takes half of it.
    private static let recordsAtOnce = 16

    private func fireTimers() {
        let (now, limit) = (now, counter)
        while let timer = timers.popDue(now, upTo: limit) { timer.fire() }
    }
}

// MARK: - What to wait for

extension ReadinessLoop {
    /// Watches a descriptor that stays the caller's: a terminal, inotify. Reading it is the callback's duty.
    @discardableResult
    package func watch(_ descriptor: Int32, readable: @escaping () -> Void) -> Watch {
        let watch = watch(descriptor)
        watch.onReadable = readable
        watch.interest = .read
        return watch
    }

    /// A watch that waits for nothing yet.
    package func watch(_ descriptor: Int32) -> Watch {
        let watch = Watch(descriptor, token: next(), loop: self)
        watches[watch.token] = watch
        return watch
    }

    /// Does something once, after a time, among the timers of a turn.
    @discardableResult
    package func after(_ duration: Duration, _ action: @escaping () -> Void) -> LoopTimer {
        let timer = LoopTimer(now + duration, sequence: next(), loop: self, action: action)
        timers.insert(timer)
        return timer
    }

    /// Takes over these signals of the process until the loop goes away; only one loop at a time can.
    /// Calling it again replaces what was asked before.
    package func onSignal(
        _ numbers: [Int32], _ action: @escaping (Int32) -> Void
    ) throws(TransportError) {
        signalWatch?.cancel()
        signalWatch = nil
        let pipe = try SignalPipe(numbers)
        signalWatch = watch(pipe.descriptor) { for number in pipe.drain() { action(number) } }
    }

    /// Work for the reading part of the next turn, which then does not wait.
    func atStartOfNextTurn(_ work: @escaping () -> Void) { startOfTurn.append(work) }

    /// Work for the writing part of this turn, or of the next if this one is already writing.
    func atEndOfTurn(_ work: @escaping () -> Void) { endOfTurn.append(work) }

    /// The same for a flush: what this channel has to say may be encrypted before it.
    func atEndOfTurn(writing channel: Channel, _ flush: @escaping () -> Void) {
        writing.append(channel)
        endOfTurn.append(flush)
    }

    func forget(_ timer: LoopTimer) { timers.remove(timer) }

    func forget(_ watch: Watch) {
        watches[watch.token] = nil
        unwatchable[watch.token] = nil
    }

    func interestChanged(_ watch: Watch, from old: Interest) {
        if unwatchable[watch.token] != nil { return }
        let isWatched = poller.change(watch.descriptor, from: old, to: watch.interest, token: watch.token)
        if !isWatched && !watch.interest.isEmpty { unwatchable[watch.token] = watch }
    }

    private func next() -> UInt64 {
        counter += 1
        return counter
    }
}
