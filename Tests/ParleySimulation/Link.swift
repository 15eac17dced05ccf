internal import ParleyClient
internal import ParleyProtocol
internal import ParleyServer

/// Bytes on their way between one engine and the relay. They may be moved in pieces of any size, be held
/// up, be altered, and be lost together with the connection.
final class Link {
    let id: ConnectionID
    let engine: SyncEngine
    let direction: SyncEngine.Direction
    private(set) var up: [UInt8] = []
    private(set) var down: [UInt8] = []
    /// The next run of changesets that passes is altered.
    var tampersNext = false
    private(set) var wasTampered = false
    /// The server closes once what it has sent is read.
    var serverEnds = false
    /// The log was mended in this session: another one should follow.
    var hasMended = false

    init(id: ConnectionID, engine: SyncEngine, direction: SyncEngine.Direction) {
        self.id = id
        self.engine = engine
        self.direction = direction
    }

    /// Takes over what the engine has to say.
    func collect() { for chunk in engine.takeOutgoing() { up += altered(chunk) } }

    func push(_ chunk: [UInt8]) { down += altered(chunk) }

    func takeUp(_ count: Int) -> ArraySlice<UInt8> { take(count, from: &up) }
    func takeDown(_ count: Int) -> ArraySlice<UInt8> { take(count, from: &down) }

    private func take(_ count: Int, from queue: inout [UInt8]) -> ArraySlice<UInt8> {
        let bytes = queue.prefix(count)
        queue = Array(queue.dropFirst(count))
        return bytes
    }

    /// One bit of the last changeset of a run is turned over on the way.
    private func altered(_ chunk: [UInt8]) -> [UInt8] {
        guard tampersNext else { return chunk }
        var reader = FrameReader(limit: Limits.frame)
        reader.append(chunk)
        guard let frame = try? reader.next(), let message = try? Message(decoding: frame),
            case .changesets(var run) = message, let last = run.changesets.indices.last,
            let end = run.changesets[last].indices.last
        else { return chunk }
        run.changesets[last][end] ^= 1
        tampersNext = false
        wasTampered = true
        return Message.changesets(run).frame.encoded
    }
}
