import Foundation

/// A stream pair that lives on a loop: bytes in by `onReceive`, bytes out by `send`, and one `onEnd`.
///
/// **States.** `open` until the peer ends its output, `finish` is called, or something fails; then
/// `flushing` what is queued; then `lingering` for the peer's end of file, so that the kernel does not
/// throw away what we wrote last; then `ended`.
///
/// **Backpressure.** Bytes that the peer does not take stay queued: look at `pendingBytes`, and send the next
/// slice only in `onDrained`. To make the peer wait, call `pauseReading`.
///
/// **Wrappers.** The streams may be wrappers round descriptor streams. The channel asks of them:
/// - `read` and `write` say "would block" as ``DescriptorInputStream`` does, and the channel reads until then;
/// - an output stream that could not pass on all it took says `hasSpaceAvailable == false`, and is then
///   offered zero bytes whenever its descriptor is ready, or after input came, until that is over;
/// - an output stream in status `.opening` (a handshake) is offered nothing else.
package final class Channel {
    /// Why a channel ended.
    package enum End: Equatable {
        /// The peer ended its output; what we had queued was written if it still took it.
        case endOfInput
        /// `close` was called.
        case closed
        /// `finish` was called and every byte was handed over.
        case finished
        /// `finish` was called and the peer did not take all bytes in time.
        case lingerExpired
        case failed(TransportError)
    }

    package struct Limits {
        /// Bytes read, and bytes written, in one turn at most: so nobody starves.
        package var perTurn = 262_144
        /// The queue counts as drained when no more bytes than this are left.
        package var lowWater = 65_536
        /// How long flushing and lingering may take together.
        package var linger = Duration.seconds(5)
        package init() {}
    }

    private enum State: Equatable {
        case open
        case flushing(End)
        case lingering(End)
        case ended(End)
    }

    /// Bytes that came. Keeping the slice costs a copy of the loop's buffer; copy what is needed.
    package var onReceive: (ArraySlice<UInt8>) -> Void = { _ in }
    /// Bytes were written, and at most `lowWater` are left.
    package var onDrained: () -> Void = {}
    /// The last callback, exactly once, at the end of a turn and never from within another call.
    package var onEnd: (End) -> Void = { _ in }

    private weak var loop: ReadinessLoop?
    private let input: InputStream
    private let output: OutputStream
    private let isWrapped: Bool
    private let limits: Limits
    private let inputWatch: Watch
    private let outputWatch: Watch

    private var state = State.open
    private var queue = OutputQueue()
    private var lingerTimer: LoopTimer?
    private var isPaused = false
    private var inputIsOver = false
    private var isReadScheduled = false
    private var isFlushScheduled = false
    private var owesDrained = false
    /// Bytes of the queue that were sealed before the flush, which has yet to hear of it.
    private var sealedAhead: Int?

    /// Joins the streams to the loop, which from now on keeps the channel alive until it ends.
    package init(on loop: ReadinessLoop, _ streams: StreamPair, limits: Limits = Limits()) {
        (self.loop, self.limits) = (loop, limits)
        (input, output) = (streams.input, streams.output)
        isWrapped = !(streams.input is DescriptorInputStream)
        inputWatch = loop.watch(streams.inputDescriptor)
        let isOne = streams.inputDescriptor == streams.outputDescriptor
        outputWatch = isOne ? inputWatch : loop.watch(streams.outputDescriptor)
        start()
    }

    private func start() {
        inputWatch.onReadable = { self.readable() }
        outputWatch.onWritable = { self.flushAtEndOfTurn() }
        if input.streamStatus == .notOpen { input.open() }
        if output.streamStatus == .notOpen { output.open() }
        settleReading()
        flushAtEndOfTurn()
    }

    /// True until `onEnd` is due or the end has begun.
    package var isOpen: Bool { state == .open }

    /// Bytes sent and not yet taken by the output stream.
    package var pendingBytes: Int { queue.count }
}

// MARK: - What the owner does

extension Channel {
    /// Queues bytes, to be written at the end of this turn. The array is shared, not copied. After
    /// `finish` or the end they are dropped; after the peer's end of file they are still written, up to
    /// the turn in which the queue is empty.
    package func send(_ bytes: [UInt8]) {
        guard state == .open || state == .flushing(.endOfInput) else { return }
        queue.append(bytes)
        flushAtEndOfTurn()
    }

    /// No more `onReceive` until `resumeReading`. The peer's end is not noticed meanwhile either.
    package func pauseReading() {
        isPaused = true
        settleReading()
    }

    package func resumeReading() {
        isPaused = false
        settleReading()
        readInNextTurn()
    }

    /// Ends at once; what is queued is dropped.
    package func close() { end(.closed) }

    /// Writes what is queued, ends the output, waits for the peer to end its own, and closes; all within the
    /// linger time. What still comes in is dropped.
    package func finish() {
        guard state == .open else { return }
        beginFlushing(.finished)
        resumeReading()
    }
}

// MARK: - Reading

extension Channel {
    private var wantsInput: Bool {
        switch state {
        case .open: !isPaused && !inputIsOver
        case .flushing, .lingering: !inputIsOver
        case .ended: false
        }
    }

    private func readable() {
        if !isReadScheduled { readWhatIsThere() }
    }

    /// Reads until the stream would block. What a wrapper holds beyond the bound is read in the next turn,
    /// whatever the descriptor says.
    private func readWhatIsThere() {
        isReadScheduled = false
        var left = limits.perTurn
        while left > 0, wantsInput {
            guard readOnce(&left) else { return settleAfterReading() }
        }
        readInNextTurn()
        settleAfterReading()
    }

    /// False when there is nothing more to read now, or ever. A descriptor that gave less than there was
    /// room for is empty, and if not, readiness will tell; a wrapper may hold more.
    private func readOnce(_ left: inout Int) -> Bool {
        guard let loop else { return false }
        let room = min(left, loop.scratch.count)
        let result = loop.scratch.withUnsafeMutableBufferPointer {
            input.transfer(into: UnsafeMutableBufferPointer(rebasing: $0[..<room]))
        }
        switch result {
        case .moved(let count):
            left -= count
            if state == .open { onReceive(loop.scratch[..<count]) }
            return count == room || isWrapped
        case .wouldBlock: break
        case .end: inputEnded()
        case .failed(let error): end(.failed(error))
        }
        return false
    }

    private func inputEnded() {
        inputIsOver = true
        switch state {
        case .open: isOpening ? end(.endOfInput) : beginFlushing(.endOfInput)
        case .lingering(let reason): end(reason)
        case .flushing, .ended: break
        }
    }

    private func readInNextTurn() {
        guard !isReadScheduled, wantsInput else { return }
        isReadScheduled = true
        loop?.atStartOfNextTurn { self.readWhatIsThere() }
    }

    private func settleReading() {
        if wantsInput { inputWatch.interest.insert(.read) } else { inputWatch.interest.remove(.read) }
    }

    /// Input may have given a wrapper something to say, or completed the handshake that held us up.
    private func settleAfterReading() {
        settleReading()
        if hasOutput && !outputWatch.interest.contains(.write) || isFlushing { flushAtEndOfTurn() }
    }
}

// MARK: - Writing

extension Channel {
    private var isOpening: Bool { output.streamStatus == .opening }

    /// True while the output stream is to be offered something.
    private var hasOutput: Bool {
        switch state {
        case .open, .flushing: !output.hasSpaceAvailable || !queue.isEmpty && !isOpening
        case .lingering, .ended: false
        }
    }

    private func flushAtEndOfTurn() {
        guard !isFlushScheduled, !isEnded else { return }
        isFlushScheduled = true
        loop?.atEndOfTurn(writing: self) { self.flush() }
    }

    /// What the flush that is scheduled will encrypt first; nil where that is to be left to it.
    var recordAhead: PlainRecord? {
        guard hasOutput, !isOpening, let output = output as? SecureOutputStream else { return nil }
        return queue.only.flatMap { output.recordAhead($0) }
    }

    /// Takes what ``recordAhead`` has become.
    func take(_ record: SealedRecord) {
        guard let output = output as? SecureOutputStream else { return }
        sealedAhead = output.take(record)
    }

    private func flush() {
        isFlushScheduled = false
        var left = limits.perTurn
        while left > 0, !isEnded {
            if reportDrained() { continue }
            guard hasOutput, let count = writeOnce(), count > 0 else { break }
            left -= count
        }
        settleWriting()
    }

    /// How many bytes of the queue the stream took; nil if it takes none now.
    private func writeOnce() -> Int? {
        guard let loop else { return nil }
        let result: Transfer
        if let count = sealedAhead {
            sealedAhead = nil
            result = .moved(count)
        } else if isOpening {
            result = output.transfer(UnsafeBufferPointer(start: nil, count: 0))
        } else {
            result = queue.withFront(gathering: &loop.scratch) { output.transfer($0) }
        }
        switch result {
        case .moved(let count):
            queue.drop(count)
            owesDrained = owesDrained || count > 0
            return count
        case .wouldBlock: return nil
        case .end: outputFailed(TransportError(.closed, call: "write", detail: "the stream is full"))
        case .failed(let error): outputFailed(error)
        }
        return nil
    }

    private func reportDrained() -> Bool {
        guard owesDrained, queue.count <= limits.lowWater else { return false }
        owesDrained = false
        if state == .open { onDrained() }
        return true
    }

    /// A peer that ended its output and then went away altogether has ended, not failed.
    private func outputFailed(_ error: TransportError) {
        end(state == .flushing(.endOfInput) ? .endOfInput : .failed(error))
    }

    private func settleWriting() {
        if isEnded { return }
        if case .flushing(let reason) = state, queue.isEmpty, output.hasSpaceAvailable, !isOpening {
            return outputDone(reason)
        }
        let waits = hasOutput || owesDrained && state == .open
        if waits { outputWatch.interest.insert(.write) } else { outputWatch.interest.remove(.write) }
    }
}

// MARK: - Ending

extension Channel {
    private var isEnded: Bool {
        if case .ended = state { true } else { false }
    }

    private var isFlushing: Bool {
        if case .flushing = state { true } else { false }
    }

    private func beginFlushing(_ reason: End) {
        state = .flushing(reason)
        lingerTimer = loop?.after(limits.linger) { self.lingerIsOver() }
        settleReading()
        flushAtEndOfTurn()
    }

    private func outputDone(_ reason: End) {
        outputWatch.interest.remove(.write)
        output.close()
        state = .lingering(reason)
        if inputIsOver { end(reason) }
    }

    private func lingerIsOver() {
        switch state {
        case .flushing(.finished): end(.lingerExpired)
        case .flushing(let reason), .lingering(let reason): end(reason)
        case .open, .ended: break
        }
    }

    private func end(_ reason: End) {
        if isEnded { return }
        state = .ended(reason)
        lingerTimer?.cancel()
        inputWatch.cancel()
        outputWatch.cancel()
        input.close()
        output.close()
        queue.removeAll()
        loop?.atEndOfTurn { self.reportEnd(reason) }
    }

    private func reportEnd(_ reason: End) {
        let report = onEnd
        (onReceive, onDrained, onEnd) = ({ _ in }, {}, { _ in })
        report(reason)
    }
}
