import Foundation
import ParleyTransport
import Testing

/// One end of a secure connection as its owner sees it.
final class SecureWitness {
    let witness: Witness
    let link: SecureLink
    private(set) var peers: [[UInt8]] = []
    private(set) var openedAfter = 0

    init(
        _ loop: ReadinessLoop, _ descriptor: Descriptor, _ side: Handshake.Side, own: [UInt8],
        limits: Channel.Limits = Channel.Limits()
    ) throws {
        let secured = try StreamPair(socket: descriptor).secured(as: side, own: own)
        link = secured.link
        witness = Witness(Channel(on: loop, secured.streams, limits: limits))
        link.onOpen = { [unowned self] in
            peers.append($0)
            openedAfter = witness.received.count
        }
    }

    var channel: Channel { witness.channel }
    var received: [UInt8] { witness.received }
    var ends: [Channel.End] { witness.ends }

    /// The code of the error it ended with.
    var failure: TransportError.Code? {
        if case .failed(let error)? = ends.first { error.code } else { nil }
    }
}

/// An end by hand, on the bare descriptor: it says what it likes.
final class ByHand {
    private let input: DescriptorInputStream
    private let output: DescriptorOutputStream
    private let loop: ReadinessLoop
    private(set) var heard: [UInt8] = []

    init(_ loop: ReadinessLoop, _ descriptor: Descriptor) {
        self.loop = loop
        input = DescriptorInputStream(descriptor)
        output = DescriptorOutputStream(descriptor)
    }

    /// Says so many bytes at a time, and lets the other side take each piece.
    func say(_ bytes: [UInt8], slice: Int = 65_536) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            if case .moved(let count) = put(Array(rest.prefix(slice)), output) {
                rest = rest.dropFirst(count)
            }
            try loop.runOnce(.zero)
        }
    }

    func say(message: [UInt8], slice: Int = 65_536) throws { try say(Self.framed(message), slice: slice) }

    static func framed(_ message: [UInt8]) -> [UInt8] {
        [UInt8(message.count >> 8), UInt8(message.count & 255)] + message
    }

    /// The next message of the other side, without its length.
    func hear() throws -> [UInt8] {
        var message: [UInt8] = []
        try loop.turn {
            var piece: [UInt8]
            repeat {
                piece = take(input, 65_536).1
                heard += piece
            } while !piece.isEmpty
            guard heard.count >= 2, heard.count >= 2 + Int(heard[0]) << 8 + Int(heard[1]) else {
                return false
            }
            let length = Int(heard[0]) << 8 + Int(heard[1])
            message = Array(heard[2..<2 + length])
            heard.removeFirst(2 + length)
            return true
        }
        return message
    }

    func finish() { output.close() }

    /// The client's part of a handshake, said by slices of one size.
    func shakeHands(slice: Int = 65_536) throws -> (sending: RecordCipher, receiving: RecordCipher) {
        var handshake = try Handshake(.client(server: publicKey(of: Keys.server)), own: Keys.client)
        try say(message: handshake.next(), slice: slice)
        try handshake.take(hear())
        try say(message: handshake.next(), slice: slice)
        return handshake.ciphers()
    }
}

/// What a stranger may begin with; it is not the first message of a handshake, nor the second.
private let nonsense: [[UInt8]] = [
    [UInt8]("GET / HTTP/1.1\r\n\r\n".utf8), [UInt8]("SSH-2.0-OpenSSH_9.9\r\n".utf8), [0, 0],
    [0, 0, 0, 40, 1],
    [0, 47] + pattern(47), [0, 49] + pattern(49), [0xFF, 0xFF], [0x16, 3, 1, 2, 0, 1],
    pattern(100_000),
]

enum Disturbance: CaseIterable {
    case flipped, lengthChanged, swapped, dropped, repeated, empty, short, plain, cut
}

@Suite("Streams with the encrypted channel round them")
struct SecureStreamTests {
    let loop: ReadinessLoop

    init() throws { loop = try ReadinessLoop() }

    private func pair(
        limits: Channel.Limits = Channel.Limits()
    ) throws -> (client: SecureWitness, server: SecureWitness) {
        let (near, far) = try connectedPair()
        let side = Handshake.Side.client(server: try publicKey(of: Keys.server))
        return (
            try SecureWitness(loop, near, side, own: Keys.client, limits: limits),
            try SecureWitness(loop, far, .server, own: Keys.server, limits: limits)
        )
    }

    /// A server, and a client by hand.
    private func server() throws -> (hand: ByHand, server: SecureWitness) {
        let (near, far) = try connectedPair()
        return (ByHand(loop, near), try SecureWitness(loop, far, .server, own: Keys.server))
    }

    /// A client, and a server by hand.
    private func client() throws -> (hand: ByHand, client: SecureWitness) {
        let (near, far) = try connectedPair()
        let side = Handshake.Side.client(server: try publicKey(of: Keys.server))
        return (ByHand(loop, near), try SecureWitness(loop, far, side, own: Keys.client))
    }

    // MARK: What goes through

    @Test("what either end sends arrives whole, and each knows whom it talks to before the first byte")
    func bothWays() throws {
        var limits = Channel.Limits()
        limits.perTurn = 10_000
        let (client, server) = try pair(limits: limits)
        client.channel.send(pattern(3_000_000))
        server.channel.send(pattern(500_001))
        server.channel.finish()
        try loop.turn {
            client.received.count == 500_001 && server.received.count == 3_000_000 || !server.ends.isEmpty
        }
        expectPattern(500_001, in: client.received)
        #expect(client.peers == [try publicKey(of: Keys.server)] && client.openedAfter == 0)
        #expect(server.peers == [try publicKey(of: Keys.client)] && server.openedAfter == 0)
    }

    @Test("finishing waits for the handshake and for what is held, and ends in good order")
    func finishing() throws {
        let (client, server) = try pair()
        client.channel.send(pattern(2_000_000))
        client.channel.finish()
        try loop.turn { !client.ends.isEmpty && !server.ends.isEmpty }
        expectPattern(2_000_000, in: server.received)
        #expect(client.ends == [.finished] && server.ends == [.endOfInput])
    }

    @Test("keys change every 1,024 records, both ways, and nobody notices")
    func rekeying() throws {
        let (client, server) = try pair()
        let turns = 2_200
        for number in 0..<turns {
            let bytes = ChannelVector.plain(UInt64(number))
            client.channel.send(bytes)
            server.channel.send(bytes)
            try loop.turn {
                client.received.count == (number + 1) * 8 && server.received.count == (number + 1) * 8
            }
        }
        let all = (0..<turns).flatMap { ChannelVector.plain(UInt64($0)) }
        #expect(client.received == all && server.received == all)
        promise("channel-records", turns * 2)
    }

    @Test("many that have something to say in one turn are sealed side by side, each in its own order")
    func many() throws {
        var limits = Channel.Limits()
        limits.perTurn = 70_000
        let pairs = try (0..<34).map { _ in try pair(limits: limits) }
        try loop.turn { pairs.allSatisfy { $0.client.link.isOpen && $0.server.link.isOpen } }
        var said = [[UInt8]](repeating: [], count: pairs.count)
        // From a byte to more than a record holds; more records than a key seals.
        let lengths = [1, 300, 0, 65_519, 17, 140_000] + [Int](repeating: 3, count: 1_100)
        for (turn, length) in lengths.enumerated() {
            for (number, pair) in pairs.enumerated() {
                let bytes = pattern(length).map { $0 &+ UInt8(truncatingIfNeeded: number &+ turn) }
                pair.server.channel.send(bytes)
                if number.isMultiple(of: 7) { pair.server.channel.send(bytes) }
                said[number] += number.isMultiple(of: 7) ? bytes + bytes : bytes
            }
            try loop.runOnce(.zero)
        }
        for pair in pairs { pair.server.channel.finish() }
        try loop.turn { pairs.allSatisfy { !$0.client.ends.isEmpty } }
        let wrong = pairs.indices.filter { pairs[$0].client.received != said[$0] }
        #expect(wrong.isEmpty && pairs.allSatisfy { $0.client.ends == [.endOfInput] })
        promise("channel-records", pairs.count * lengths.count)
    }

    @Test(
        "slices of any size, in the handshake and in records of any length",
        arguments: [1, 2, 3, 49, 66, 1_000])
    func slices(_ slice: Int) throws {
        let (hand, server) = try server()
        var ciphers = try hand.shakeHands(slice: slice)
        var said: [UInt8] = []
        for length in [1, 2, 17, 1_000, 4_096] + (slice > 60 ? [SecureLink.longest] : []) {
            said += pattern(length)
            try hand.say(message: ciphers.sending.seal(pattern(length)), slice: slice)
        }
        try loop.turn { server.received.count == said.count }
        #expect(server.received == said && server.ends.isEmpty)
        server.channel.send(pattern(70_000))
        var answer: [UInt8] = []
        while answer.count < 70_000 { answer += try ciphers.receiving.open(hand.hear()) }
        #expect(answer == pattern(70_000))
    }

    @Test("while a handshake waits for the other end, the loop sleeps")
    func sleeps() throws {
        let (hand, client) = try client()
        client.channel.send([1])
        #expect(try hand.hear().count == Handshake.sizes[0])
        try settle(loop)
        var isOver = false
        var turns = 0
        loop.after(.milliseconds(30)) { isOver = true }
        loop.onTurnEnd = { turns += 1 }
        try loop.turn { isOver }
        #expect(turns <= 3)
        #expect(client.channel.pendingBytes == 1 && client.ends.isEmpty)
    }

    // MARK: What does not

    @Test(
        "a client that speaks no channel is refused before anything is read, and told so",
        arguments: nonsense + [[0, 1, 1]])
    func garbage(_ bytes: [UInt8]) throws {
        let (hand, server) = try server()
        try hand.say(Array(bytes.prefix(2_000)))
        try loop.turn { !server.ends.isEmpty }
        #expect(server.failure == .notSecure && server.received.isEmpty && server.peers.isEmpty)
        #expect(try hand.hear() == [1])
    }

    @Test("a server that speaks no channel is left", arguments: nonsense)
    func foreignServer(_ bytes: [UInt8]) throws {
        let (hand, client) = try client()
        try hand.say(Array(bytes.prefix(2_000)))
        try loop.turn { !client.ends.isEmpty }
        #expect(client.failure == .notSecure && client.received.isEmpty && client.peers.isEmpty)
    }

    @Test("a server with another key is told from one that cuts the connection")
    func wrongKey() throws {
        let (near, far) = try connectedPair()
        let side = Handshake.Side.client(server: try publicKey(of: Keys.other))
        let client = try SecureWitness(loop, near, side, own: Keys.client)
        let server = try SecureWitness(loop, far, .server, own: Keys.server)
        client.channel.send(pattern(100))
        try loop.turn { !client.ends.isEmpty && !server.ends.isEmpty }
        #expect(client.failure == .wrongKey && server.failure == .wrongKey)
        #expect(server.received.isEmpty && server.peers.isEmpty && client.peers.isEmpty)

        let (liar, deceived) = try self.client()
        try liar.say(message: publicKey(of: Keys.other) + pattern(16))
        try loop.turn { !deceived.ends.isEmpty }
        #expect(deceived.failure == .wrongKey)

        let (mute, left) = try self.client()
        mute.finish()
        try loop.turn { !left.ends.isEmpty }
        #expect(left.ends == [.endOfInput] && left.peers.isEmpty)
    }

    @Test("half a handshake is a connection that was cut", arguments: [0, 1, 2, 30, 50, 51, 115])
    func halfAHandshake(_ count: Int) throws {
        let (hand, server) = try server()
        var handshake = try Handshake(.client(server: publicKey(of: Keys.server)), own: Keys.client)
        var said = ByHand.framed(try handshake.next())
        if count > 50 {
            try hand.say(said)
            try handshake.take(hand.hear())
            said += ByHand.framed(try handshake.next())
            try hand.say(Array(said[50..<count]))
        } else {
            try hand.say(Array(said[..<count]))
        }
        hand.finish()
        try loop.turn { !server.ends.isEmpty }
        #expect(server.failure == .closed || server.ends == [.endOfInput], "\(server.ends)")
        #expect(server.received.isEmpty && server.peers.isEmpty)
    }

    @Test("a handshake said before is refused, records and all")
    func replayed() throws {
        var said: [UInt8] = []
        let (hand, server) = try server()
        var handshake = try Handshake(.client(server: publicKey(of: Keys.server)), own: Keys.client)
        let first = ByHand.framed(try handshake.next())
        try hand.say(first)
        try handshake.take(hand.hear())
        var sending = try {
            try said += first + ByHand.framed(handshake.next()); return handshake.ciphers().sending
        }()
        said += ByHand.framed(try sending.seal(pattern(100)))
        try hand.say(Array(said.dropFirst(first.count)))
        try loop.turn { server.received.count == 100 }
        let (again, other) = try self.server()
        try again.say(said)
        try loop.turn { !other.ends.isEmpty }
        #expect(other.failure == .forged && other.received.isEmpty && other.peers.isEmpty)
    }

    @Test(
        "a disturbed record ends the connection, and what came before it is kept",
        arguments: Disturbance.allCases)
    func disturbed(_ disturbance: Disturbance) throws {
        let (hand, server) = try server()
        var sending = try hand.shakeHands().sending
        let records = try (0..<3).map { try ByHand.framed(sending.seal(pattern(100 + $0))) }
        var second = records[1]
        switch disturbance {
        case .flipped: second[60] ^= 1
        case .lengthChanged: second[1] -= 1
        case .swapped: second = records[2] + records[1]
        case .dropped: second = records[2]
        case .repeated: second = records[0]
        case .empty: second = ByHand.framed(try sending.seal([UInt8]()))
        case .short: second = [0, 16] + pattern(16)
        case .plain: second = [0, 0, 0, 40, 1] + pattern(39)
        case .cut: second.removeLast()
        }
        try hand.say(records[0] + second)
        if disturbance == .cut { hand.finish() }
        try loop.turn { !server.ends.isEmpty }
        #expect(server.failure == (disturbance == .cut ? .closed : .forged), "\(server.ends)")
        #expect(server.received == pattern(100))
    }
}
