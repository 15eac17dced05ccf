import Foundation
import GRDB
import ParleyCore
import ParleyStore

/// A folder for one test, on a memory file system where there is one: these tests commit thousands of times.
final class ScratchFolder {
    let path: String

    init() {
        let base = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        path = base + "/parley-store-" + UUID().uuidString
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func store(_ name: String = "a", readOnly: Bool = false) throws -> WorkspaceStore {
        try WorkspaceStore(path: path + "/\(name).sqlite", rules: .plain, readOnly: readOnly)
    }
}

extension WorkspaceStore {
    /// The tables and their indexes as SQLite keeps them.
    func definitions() throws -> Set<String> {
        try file.read {
            try String.fetchSet($0, sql: "SELECT name || ' ' || coalesce(sql, '') FROM sqlite_master")
        }
    }
}

extension StoreRules {
    /// Plain bodies; a device's handle by its last bits, so that two devices may be one analyst's.
    static let plain = StoreRules(
        openBody: { _, bytes, body in
            (try? ChangesetBody(decoding: Array(bytes[body]))).map { .body($0) } ?? .void(.body)
        },
        analyst: { ["olga", "ken", "mia", "olga"][Int($0.number & 3)] })
}

/// One device that writes changesets and holds some.
struct Author {
    let device: DeviceID
    private(set) var number: UInt64 = 0
    /// What it holds of others.
    private(set) var held = Frontier()
    private var told = Frontier()
    private var time = HybridTime(number: 0)

    init(_ device: UInt128) { self.device = DeviceID(device) }

    mutating func write(
        _ writes: [RegisterWrite], said: [RegisterWrite] = [], act: Act = Act(.hand), wall: Int64 = 0,
        isVoid: Bool = false
    ) -> Change {
        number += 1
        time = HybridTime.next(after: time, wall: wall)
        var body = ChangesetBody.encode(act: act, written: writes, said: said)
        if isVoid { body = [0xFF] }
        let header = ChangesetHeader(
            change: ChangeID(device: device, number: number), time: time, context: held.difference(from: told)
        )
        told = held
        return Change(header: header, body: body, whole: held)
    }

    mutating func receive(_ change: Change) {
        let id = change.header.change
        if id.device != device { held[id.device] = max(held[id.device], id.number) }
        time = max(time, change.header.time)
    }
}

/// A changeset with its whole context, which the model needs and the wire does not carry.
struct Change {
    var header: ChangesetHeader
    var body: [UInt8]
    var whole: Frontier

    var arrival: Arrival {
        let bytes = header.encoded(bodySize: body.count) + body
        let entry = LogEntry(
            header: header,
            hash: Array(repeating: UInt8(truncatingIfNeeded: header.change.number), count: 32),
            address: UInt64(truncatingIfNeeded: header.change.device.number) &+ header.change.number,
            bytes: bytes)
        return Arrival(
            entry: entry, body: (try? ChangesetBody(decoding: body)).map { .body($0) } ?? .void(.body))
    }

    func covers(_ other: ChangeID) -> Bool {
        other.device == header.change.device ? other.number < header.change.number : whole.covers(other)
    }
}

func name(_ kind: UInt32, _ id: UInt128) -> RecordName { RecordName(kind: kind, id: RecordID(id)) }

extension RegisterWrite {
    init(_ record: RecordName, _ field: UInt32, _ value: Value) {
        self.init(record, RegisterName(field: field), value)
    }

    init(_ record: RecordName, _ field: UInt32, _ key: String?, _ value: Value) {
        self.init(record, RegisterName(field: field, key: key), value)
    }
}
