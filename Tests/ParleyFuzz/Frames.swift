import ParleyProtocol

extension FuzzTarget {
    /// Input: which limit, which pieces, then a stream of frames.
    static let frames = FuzzTarget(
        "frames", seeds: { try Golden.vectors("message").map { [3, 9] + $0 } },
        repair: { Array($0.prefix(2)) + Framing.repaired($0.dropFirst(2)) },
        check: { input in
            var feed = Feed(input)
            let limit = [16, 1000, 4096, 1 << 20][feed.below(4)]
            let pattern = feed.byte()
            let stream = feed.rest()
            let whole = try Framing.read([stream[...]], limit: limit)
            let pieces = try Framing.read(stream.pieces(pattern), limit: limit)
            try hold(whole == pieces, "pieces give other frames than the whole")
            return !whole.frames.isEmpty
        })

    /// Input: a kind, then a payload.
    static let messages = FuzzTarget(
        "messages",
        seeds: { try Golden.vectors("message").map { Array($0.dropFirst(4)) } },
        check: { input in
            guard let kind = input.first else { return false }
            let frame = Frame(kind: kind, payload: Array(input.dropFirst()))
            do throws(ProtocolError) {
                let message = try Message(decoding: frame)
                if message.isExact { try holdForm(message, frame) }
                return true
            } catch {
                return try refused(error)
            }
        })

    private static func holdForm(_ message: Message, _ frame: Frame) throws(ProtocolError) {
        guard message.frame == frame else { throw ProtocolError(.defect, "a second form of one message") }
    }

    private static func refused(_ error: ProtocolError) throws -> Bool {
        try hold(error.code == .malformed || error.code == .version, "\(error)")
        return false
    }
}

extension Message {
    /// Whether everything of it is read as it stands: unknown codes and long delays are read as others.
    var isExact: Bool {
        switch self {
        case .goodbye(let seconds): seconds != Limits.longestRetry
        case .failure(let error): error.code != .unknown
        case .refused(let refusal): refusal.reason != .unknown
        case .declined(let declination): declination.reason != .unknown
        case .unknown: false
        default: true
        }
    }
}

enum Framing {
    struct Reading: Equatable {
        var frames: [Frame] = []
        var fault: ProtocolError?
    }

    /// Frames are what the stream says, in order, and none is longer than allowed.
    static func read(_ pieces: [ArraySlice<UInt8>], limit: Int) throws -> Reading {
        var reader = FrameReader(limit: limit)
        var reading = Reading()
        do throws(ProtocolError) {
            for piece in pieces {
                reader.append(piece)
                while let frame = try reader.next() { reading.frames.append(frame) }
            }
        } catch { reading.fault = error }
        let said = reading.frames.flatMap(\.encoded)
        let stream = pieces.flatMap { $0 }
        try hold(said.elementsEqual(stream.prefix(said.count)), "frames differ from the stream")
        try hold(reading.frames.allSatisfy { $0.payload.count < limit }, "a frame above \(limit) bytes")
        if reading.fault == nil {
            try hold(said.count + reader.partial == stream.count, "bytes were lost or kept twice")
        }
        return reading
    }

    /// Every length is made one that the rest of the stream can hold.
    static func repaired(_ stream: ArraySlice<UInt8>) -> [UInt8] {
        var bytes = Array(stream)
        var at = 0
        while bytes.count - at > 5 {
            let room = bytes.count - at - 4
            let said = bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
            let length = (1...room).contains(said) ? said : 1 + said % room
            for index in 0..<4 { bytes[at + index] = UInt8(truncatingIfNeeded: length >> (24 - index * 8)) }
            at += 4 + length
        }
        return bytes
    }
}
