import Foundation
import ParleyTransport
import Testing

/// Takes all that the inner stream has, and hands it out in small pieces, changed: as an encrypted stream
/// does that has read several records at once.
final class XorInputStream: InputStream {
    private let inner: InputStream
    private let shared: XorHandshake
    private var held: [UInt8] = []

    init(_ inner: InputStream, _ shared: XorHandshake) {
        (self.inner, self.shared) = (inner, shared)
        super.init(data: Data())
    }

    override func read(_ buffer: UnsafeMutablePointer<UInt8>, maxLength length: Int) -> Int {
        var last = Transfer.wouldBlock
        if held.isEmpty {
            repeat {
                let (result, bytes) = take(inner, 50_000)
                last = result
                held += bytes.map { $0 ^ 0x5a }
            } while last.isMoved
        }
        if !shared.isComplete, !held.isEmpty { shared.receive(held.removeFirst()) }
        guard !held.isEmpty else { return last == .end ? 0 : -1 }
        let count = min(length, held.count, 7_000)
        for index in 0..<count { buffer[index] = held[index] }
        held.removeFirst(count)
        return count
    }

    override var hasBytesAvailable: Bool { !held.isEmpty || inner.hasBytesAvailable }
    override var streamStatus: Stream.Status { inner.streamStatus }
    override var streamError: (any Error)? { inner.streamError }
    override func open() { inner.open() }
    override func close() { inner.close() }
}

/// Takes up to 30,000 bytes at a time whether or not the inner stream does, and holds them until it does.
final class XorOutputStream: OutputStream {
    private let inner: OutputStream
    private let shared: XorHandshake
    private var held: [UInt8] = []

    init(_ inner: OutputStream, _ shared: XorHandshake) {
        (self.inner, self.shared) = (inner, shared)
        super.init(toMemory: ())
    }

    required init(toMemory: ()) {
        (inner, shared) = (OutputStream(toMemory: ()), XorHandshake(speaksFirst: false))
        super.init(toMemory: ())
    }

    override func write(_ buffer: UnsafePointer<UInt8>, maxLength length: Int) -> Int {
        held += shared.takeReply().map { $0 ^ 0x5a }
        passOn()
        guard held.isEmpty else { return length == 0 ? 0 : -1 }
        guard shared.isComplete else { return length == 0 ? 0 : -1 }
        let count = min(length, 30_000)
        held = (0..<count).map { buffer[$0] ^ 0x5a }
        passOn()
        return count
    }

    private func passOn() {
        while !held.isEmpty, case .moved(let count) = put(held, inner) { held.removeFirst(count) }
    }

    override var hasSpaceAvailable: Bool { held.isEmpty && !shared.hasReply }
    override var streamStatus: Stream.Status {
        shared.isComplete || inner.streamStatus != .open ? inner.streamStatus : .opening
    }
    override var streamError: (any Error)? { inner.streamError }
    override func open() { inner.open() }
    override func close() { inner.close() }
}

/// One byte each way: the side that speaks first is answered, and then both may talk.
final class XorHandshake {
    private(set) var isComplete = false
    private var reply: [UInt8] = []
    private let speaksFirst: Bool

    init(speaksFirst: Bool) {
        self.speaksFirst = speaksFirst
        if speaksFirst { reply = [0xaa] }
    }

    var hasReply: Bool { !reply.isEmpty }

    func receive(_ byte: UInt8) {
        #expect(byte == (speaksFirst ? 0xbb : 0xaa))
        if !speaksFirst { reply = [0xbb] }
        isComplete = true
    }

    func takeReply() -> [UInt8] {
        defer { reply = [] }
        return reply
    }
}

extension Transfer {
    var isMoved: Bool { if case .moved = self { true } else { false } }
}

extension StreamPair {
    func wrapped(speaksFirst: Bool) -> StreamPair {
        let shared = XorHandshake(speaksFirst: speaksFirst)
        var pair = self
        pair.input = XorInputStream(input, shared)
        pair.output = XorOutputStream(output, shared)
        return pair
    }
}

@Suite("Wrapped streams") struct WrapperTests {
    let loop: ReadinessLoop
    let one: Witness
    let other: Witness

    init() throws {
        loop = try ReadinessLoop()
        let (near, far) = try connectedPair()
        var limits = Channel.Limits()
        limits.perTurn = 10_000
        one = Witness(Channel(on: loop, StreamPair(socket: near).wrapped(speaksFirst: true), limits: limits))
        other = Witness(
            Channel(on: loop, StreamPair(socket: far).wrapped(speaksFirst: false), limits: limits))
    }

    @Test("What a wrapper holds is drained, though its descriptor says nothing any more")
    func drained() throws {
        one.channel.send(pattern(2_000_000))
        try loop.turn { other.received.count == 2_000_000 }
        expectPattern(2_000_000, in: other.received)
    }

    @Test("A handshake is carried out before anything that is queued, without spinning")
    func handshake() throws {
        other.channel.send([1, 2, 3])
        one.channel.send([4, 5])
        try loop.turn { !one.received.isEmpty && !other.received.isEmpty }
        #expect(one.received == [1, 2, 3])
        #expect(other.received == [4, 5])
    }

    @Test("While a handshake waits for the peer, the loop sleeps")
    func handshakeSleeps() throws {
        let loop = try ReadinessLoop()
        let (near, far) = try connectedPair()
        let lonely = Channel(on: loop, StreamPair(socket: near).wrapped(speaksFirst: true))
        lonely.send([1])
        try settle(loop)
        #expect(take(DescriptorInputStream(far)).1 == [0xaa ^ 0x5a])
        var isOver = false
        var turns = 0
        loop.after(.milliseconds(30)) { isOver = true }
        loop.onTurnEnd = { turns += 1 }
        try loop.turn { isOver }
        #expect(turns <= 3)
        #expect(lonely.pendingBytes == 1)
    }

    @Test("Finishing during a handshake waits for it, and a peer that leaves it half done ends the channel")
    func handshakeEnds() throws {
        one.channel.send([1])
        one.channel.finish()
        other.channel.finish()
        try loop.turn { !one.ends.isEmpty && !other.ends.isEmpty }
        #expect(one.ends == [.finished] && other.ends == [.finished])

        let (near, far) = try connectedPair()
        let half = Witness(Channel(on: loop, StreamPair(socket: near).wrapped(speaksFirst: true)))
        let begun = ContinuousClock.now
        DescriptorOutputStream(far).close()
        try loop.turn { !half.ends.isEmpty }
        #expect(half.ends == [.endOfInput])
        #expect(ContinuousClock.now - begun < Channel.Limits().linger)
    }

    @Test("Finishing waits for what a wrapper still holds")
    func finishes() throws {
        one.channel.send(pattern(1_000_000))
        one.channel.finish()
        try loop.turn { !one.ends.isEmpty && !other.ends.isEmpty }
        expectPattern(1_000_000, in: other.received)
        #expect(one.ends == [.finished])
        #expect(other.ends == [.endOfInput])
    }
}
