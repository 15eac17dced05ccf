package import ParleyCore

/// The first frame of a bundle: what it is, and whose workspace it speaks of.
///
///     +-----------------+---------+-----------+--------+------+
///     | "parley bundle" | version | workspace | device | time |     kind 66
///     |       13        |    1    |    32     |   16   |  8   |
///     +-----------------+---------+-----------+--------+------+
///
/// After it come, as a session carries them, one `frontier`, which is what its reader must hold, `statements`,
/// `changesets`, and `caughtUp` at the end.
package struct BundlePreface: Equatable, Sendable {
    package var workspace: WorkspaceID
    /// Who wrote the bundle.
    package var device: DeviceID
    /// When, in milliseconds since 1970, by the writer's corrected clock.
    package var time: Int64

    package init(workspace: WorkspaceID, device: DeviceID, time: Int64) {
        self.workspace = workspace
        self.device = device
        self.time = time
    }

    package static let kind: UInt8 = 66
    private static let magic = Array("parley bundle".utf8)
    private static let version: UInt8 = 1

    package var frame: Frame {
        var payload = Self.magic
        payload.append(Self.version)
        payload.append(contentsOf: workspace.bytes)
        payload.append(uint128: device.number)
        payload.append(uint64: UInt64(clamping: time))
        return Frame(kind: Self.kind, payload: payload)
    }

    package enum Fault: Error, Equatable, Sendable {
        case notABundle
        case tooNew
        case malformed(MalformedBytes)
    }

    package init(decoding frame: Frame) throws(Fault) {
        guard frame.kind == Self.kind, frame.payload.starts(with: Self.magic) else { throw .notABundle }
        guard frame.payload.dropFirst(Self.magic.count).first == Self.version else { throw .tooNew }
        do throws(MalformedBytes) {
            var reader = ByteReader(frame.payload, in: Self.magic.count + 1..<frame.payload.count)
            guard let workspace = WorkspaceID(try reader.take(32, "workspace")) else {
                throw reader.failure(.truncated, "workspace")
            }
            self.workspace = workspace
            device = DeviceID(try reader.uint128("device"))
            let time = try reader.uint64("time")
            guard time <= Limits.latest else { throw reader.failure(.notAllowed, "time") }
            self.time = Int64(time)
            try reader.expectEnd("bundle")
        } catch { throw .malformed(error) }
    }
}
