import Foundation
import Glibc
import ParleyTransport
import Testing

@Suite("Descriptor streams") struct DescriptorStreamTests {
    @Test("Would block, bytes and end of file are three different answers")
    func threeAnswers() throws {
        let (one, other) = try connectedPair()
        let (input, output) = (DescriptorInputStream(one), DescriptorOutputStream(other))
        #expect(take(input) == (.wouldBlock, []))
        #expect(!input.hasBytesAvailable && input.streamStatus == .open && input.streamError == nil)
        #expect(put([1, 2, 3], output) == .moved(3))
        #expect(input.hasBytesAvailable)
        #expect(take(input, 2) == (.moved(2), [1, 2]))
        #expect(take(input) == (.moved(1), [3]))
        #expect(take(input) == (.wouldBlock, []))
        output.close()
        #expect(take(input) == (.end, []))
        #expect(take(input) == (.end, []))
        #expect(input.streamStatus == .atEnd)
    }

    @Test("A full socket takes a part, then blocks, then goes on")
    func partialWrites() throws {
        let (one, other) = try connectedPair()
        let (input, output) = (DescriptorInputStream(one), DescriptorOutputStream(other))
        let bytes = pattern(4 << 20)
        var (sent, got): (Int, [UInt8]) = (0, [])
        var blocked = 0
        while got.count < bytes.count {
            while sent < bytes.count,
                case .moved(let count) = put(Array(bytes[sent...].prefix(99_991)), output)
            {
                sent += count
            }
            if !output.hasSpaceAvailable { blocked += 1 }
            while case (.moved, let piece) = take(input, 65_536) { got += piece }
        }
        #expect(blocked > 1)
        #expect(got == bytes)
    }

    @Test("A reset is an error with its cause")
    func reset() throws {
        let (near, far) = try streamPairs()
        #expect(put([1], near.output) == .moved(1))
        far.input.close()
        far.output.close()
        let failure = TransportError(ECONNRESET, call: "read")
        #expect(take(near.input) == (.failed(failure), []))
        #expect(near.input.streamStatus == .error)
        #expect(near.input.streamError as? TransportError == failure)
    }

    @Test("Writing to a pipe without a reader is an error and kills nobody")
    func brokenPipe() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let output = DescriptorOutputStream(Descriptor(adopting: ends[1]))
        close(ends[0])
        #expect(put([1], output) == .failed(TransportError(EPIPE, call: "write")))
        #expect(output.streamStatus == .error)
    }

    @Test("A socket is half open after its output ended, and closed after both")
    func halfClose() throws {
        let (near, far) = try streamPairs()
        near.output.close()
        #expect(take(far.input) == (.end, []))
        #expect(put([7], far.output) == .moved(1))
        #expect(take(near.input) == (.moved(1), [7]))
        guard case .failed(let error) = put([1], near.output) else {
            Issue.record("a closed stream took bytes")
            return
        }
        #expect(error.code == .closed)
    }

    @Test("A descriptor is closed once, when its last stream lets go")
    func closedOnce() throws {
        let pair = try StreamPair(socket: connectedPair().one)
        let before = identity(pair.inputDescriptor)
        pair.input.close()
        pair.input.close()
        #expect(before != nil && identity(pair.inputDescriptor) == before)
        pair.output.close()
        #expect(identity(pair.inputDescriptor) != before)
    }

    @Test("A shared descriptor gets its blocking mode back")
    func restoresFlags() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let before = ends.map { fcntl($0, F_GETFL) }
        let pair = try StreamPair.standard(input: ends[0], output: ends[1])
        #expect(ends.allSatisfy { fcntl($0, F_GETFL) & O_NONBLOCK != 0 })
        #expect(put([1, 2], pair.output) == .moved(2))
        #expect(take(pair.input) == (.moved(2), [1, 2]))
        pair.input.close()
        pair.output.close()
        #expect(ends.map { fcntl($0, F_GETFL) } == before)
    }

    /// Which open file a number stands for; another test may get the number as soon as it is free.
    private func identity(_ number: Int32) -> ino_t? {
        var status = stat()
        return fstat(number, &status) == 0 ? status.st_ino : nil
    }
}

/// Two connected stream pairs, which alone own their sockets.
private func streamPairs() throws -> (near: StreamPair, far: StreamPair) {
    let (one, other) = try connectedPair()
    return (StreamPair(socket: one), StreamPair(socket: other))
}

/// Both ends of a TCP connection over loopback.
func tcpPair(_ loop: ReadinessLoop) throws -> (client: StreamPair, server: StreamPair) {
    let listener = try Listener(on: loop, at: loopback)
    var (client, server): (StreamPair?, StreamPair?)
    listener.onAccept = { streams, _ in server = streams }
    Dialer(on: loop, to: listener.address.endpoint) { client = try? $0.get() }
    try loop.turn { client != nil && server != nil }
    listener.close()
    return (try #require(client), try #require(server))
}
