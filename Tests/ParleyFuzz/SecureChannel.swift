import Foundation
import ParleyTransport
import ParleyTrust

extension FuzzTarget {
    /// Input: what an honest client, an honest server and somebody between them do, step by step. Whatever
    /// that one does, each end reads a beginning of what the other has said and nothing else.
    static let channel = FuzzTarget(
        "channel",
        seeds: {
            let opening = "0200 0300 0200".split(separator: " ").compactMap { Golden.bytes(String($0)) }
            let talk: [[UInt8]] = [[0, 40], [2, 0], [1, 200], [3, 0]]
            let meddling: [[UInt8]] = [
                [4, 3, 1], [5, 9, 7], [6, 5, 3, 1, 2, 3], [7, 2], [8, 4], [9, 0], [10, 6],
            ]
            return [(opening + talk + talk).flatMap { $0 }]
                + meddling.map { (opening + talk + [$0] + talk).flatMap { $0 } }
                + meddling.map { ([$0] + opening + talk).flatMap { $0 } }
        },
        check: { input in
            var feed = Feed(input)
            let talk = try Talk()
            while !feed.isAtEnd { try talk.step(&feed) }
            return talk.client.heard.count + talk.server.heard.count > 0
        })
}

/// One honest end.
private final class TalkEnd {
    let streams: StreamPair
    let link: SecureLink
    var said: [UInt8] = []
    var heard: [UInt8] = []
    var peers: [[UInt8]] = []

    init(reading input: Wire, writing output: Wire, as side: Handshake.Side, own: [UInt8]) throws {
        let bare = StreamPair(
            input: WireInput(input), output: WireOutput(output), inputDescriptor: -1, outputDescriptor: -1)
        (streams, link) = try bare.secured(as: side, own: own)
        link.onOpen = { [unowned self] in peers.append($0) }
        push([])
    }

    func say(_ bytes: [UInt8]) { if case .moved(let count) = push(bytes) { said += bytes.prefix(count) } }

    @discardableResult
    private func push(_ bytes: [UInt8]) -> Transfer {
        bytes.withUnsafeBufferPointer { streams.output.transfer($0) }
    }

    /// Reads until there is nothing, then passes on what the handshake has to say.
    func listen() throws {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let wasBroken = link.failure != nil
        while case .moved(let count) = buffer.withUnsafeMutableBufferPointer({
            streams.input.transfer(into: $0)
        }) {
            try hold(!wasBroken && link.isOpen, "something was read before the handshake or after a fault")
            heard += buffer.prefix(count)
        }
        push([])
    }
}

private final class Talk {
    let client: TalkEnd
    let server: TalkEnd
    private let up = Wire()
    private let down = Wire()

    private static let keys = Result {
        try [1, 2].map { try Identity(seed: Secret([UInt8](repeating: $0, count: 32))) }
    }

    init() throws {
        let keys = try Self.keys.get()
        server = try TalkEnd(reading: up, writing: down, as: .server, own: keys[1].channelSecret.bytes)
        client = try TalkEnd(
            reading: down, writing: up, as: .client(server: keys[1].keys.channel),
            own: keys[0].channelSecret.bytes)
    }

    func step(_ feed: inout Feed) throws {
        switch feed.byte() % 11 {
        case 0: client.say([UInt8](repeating: 7, count: 1 + Int(feed.byte())) + [feed.byte()])
        case 1: server.say([UInt8](repeating: 9, count: 1 + Int(feed.byte()) * 20))
        case 2: try release(up, feed.byte(), to: server)
        case 3: try release(down, feed.byte(), to: client)
        case 4: flip(up, at: feed.byte(), bit: feed.byte())
        case 5: flip(down, at: feed.byte(), bit: feed.byte())
        case 6: insert(up, at: feed.byte(), feed.take(feed.below(70)))
        case 7: insert(down, at: 0, feed.take(feed.below(70)))
        case 8: up.bytes.removeFirst(min(up.bytes.count, feed.below(60)))
        case 9: (up.isClosed, up.released) = (true, up.bytes.count)
        default: repeatFirst(down, feed.below(80))
        }
        try judge()
    }

    private func release(_ wire: Wire, _ count: UInt8, to end: TalkEnd) throws {
        wire.released = count == 0 ? wire.bytes.count : Int(count)
        try end.listen()
        wire.released = 0
    }

    private func flip(_ wire: Wire, at index: UInt8, bit: UInt8) {
        guard !wire.bytes.isEmpty else { return }
        wire.bytes[Int(index) % wire.bytes.count] ^= 1 << (bit & 7)
    }

    private func insert(_ wire: Wire, at index: UInt8, _ bytes: [UInt8]) {
        wire.bytes.insert(contentsOf: bytes, at: min(Int(index), wire.bytes.count))
    }

    private func repeatFirst(_ wire: Wire, _ count: Int) {
        wire.bytes = wire.bytes.prefix(count) + wire.bytes
    }

    private func judge() throws {
        let keys = try Self.keys.get().map(\.keys.channel)
        for (end, other, key) in [(client, server, keys[1]), (server, client, keys[0])] {
            try hold(
                end.heard.elementsEqual(other.said.prefix(end.heard.count)), "an end heard what nobody said")
            try hold(end.peers.count <= 1 && end.peers.allSatisfy { $0 == key }, "the wrong peer was proved")
            try hold(end.link.isOpen == (end.peers.count == 1), "open without a peer")
            try hold(end.heard.isEmpty || end.link.isOpen, "heard before the handshake")
        }
    }
}
