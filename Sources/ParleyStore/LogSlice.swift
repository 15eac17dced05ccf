internal import GRDB
package import ParleyCore

/// A stretch of the log for one receiver: what it lacks, oldest first, cut where every chain in it ends at a
/// signed number (or in one that the sender itself can sign).
package struct LogSlice: Sendable {
    package struct Item: Equatable, Sendable {
        package var change: ChangeID
        package var bytes: [UInt8]
    }

    package var items: [Item] = []
    /// The signature at the last number of each chain in the slice.
    package var signatures: [SignedNumber] = []
    /// The own chain's last number in the slice with its chain hash, where it is not signed yet.
    package var unsigned: (change: ChangeID, hash: [UInt8])?
    /// The position up to which the log has been read.
    package var position: Int64
    package var isAtEnd = false
}

extension Log {
    /// Where to begin reading for a receiver that holds `frontier`: before the first changeset it lacks.
    package func start(for frontier: Frontier) throws -> Int64 {
        var first: Int64?
        for (device, head) in try heads() where head.number > frontier[device] {
            let next = try position(of: ChangeID(device: device, number: frontier[device] + 1))
            first = [first, next].compactMap { $0 }.min()
        }
        return try first.map { $0 - 1 } ?? lastPosition()
    }

    /// Each chain up to its last signed number: what can be handed on and, after a whole session, has been.
    package func signedFrontier() throws -> Frontier {
        var frontier = Frontier()
        for device in try heads().keys {
            frontier[device] = UInt64(
                try Int64.fetchOne(
                    db.cachedStatement(sql: "SELECT max(number) FROM signature WHERE device = ?"),
                    arguments: [device.blob]) ?? 0)
        }
        return frontier
    }

    /// Reads on from `position`. At least one whole run is returned if there is any, at most `limit` bytes
    /// are begun beyond that.
    /// - Parameters:
    ///   - beyond: what the receiver holds or has been sent; skipped.
    ///   - own: the device whose runs the caller can sign.
    ///   - limit: bytes of changesets; a run of one device never exceeds a message.
    package func slice(
        after position: Int64, beyond: Frontier, own: DeviceID?, limit: Int
    ) throws -> LogSlice {
        let rows = try HotStatement(
            db,
            """
            SELECT c.position, c.device, c.number, c.hash, s.signature, length(c.bytes), c.bytes
            FROM changeset c LEFT JOIN signature s ON s.device = c.device AND s.number = c.number
            WHERE c.position > ? ORDER BY c.position
            """)
        rows.bind(1, position)
        defer { rows.reset() }
        var cutter = SliceCutter(position: position, own: own, limit: limit)
        while try rows.step() {
            guard let device = rows.id(1) else { throw damaged("a changeset without a device") }
            let change = ChangeID(device: DeviceID(device), number: UInt64(rows.int(2)))
            if beyond.covers(change) {
                cutter.skip(to: rows.int(0))
            } else if !cutter.take(change, size: Int(rows.int(5)), row: rows) {
                return cutter.slice(isAtEnd: false)
            }
        }
        cutter.passOver(upTo: try lastPosition())
        return cutter.slice(isAtEnd: true)
    }
}

/// Decides where a slice ends: at a place where no chain stands open, that is, behind a signed number.
private struct SliceCutter {
    let own: DeviceID?
    let limit: Int
    private var items: [LogSlice.Item] = []
    private var marks: [(hash: [UInt8], signature: [UInt8]?)] = []
    private var bytes = 0
    /// Chains whose last number read is not signed.
    private var open: Set<DeviceID> = []
    /// Up to here everything may be sent: how many items, and the position in the log.
    private var closed: (count: Int, position: Int64)

    init(position: Int64, own: DeviceID?, limit: Int) {
        self.own = own
        self.limit = limit
        closed = (0, position)
    }

    mutating func skip(to position: Int64) {
        if open.isEmpty { closed = (items.count, position) }
    }

    /// - Returns: false when the slice is full and this row belongs to the next.
    mutating func take(_ change: ChangeID, size: Int, row: HotStatement) -> Bool {
        let isFull = (bytes + size > limit && open.isEmpty) || bytes + size > Self.most
        if isFull, !items.isEmpty { return false }
        bytes += size
        items.append(LogSlice.Item(change: change, bytes: row.bytes(6)))
        let signature = row.isNull(4) ? nil : row.bytes(4)
        marks.append((row.bytes(3), signature))
        if signature == nil, change.device != own {
            open.insert(change.device)
        } else {
            open.remove(change.device)
        }
        if open.isEmpty { closed = (items.count, row.int(0)) }
        return true
    }

    /// At the end of the log: healing may have taken away the changeset under whose signature a chain's end
    /// stood. Nobody can hand on that end but its author; it holds up nobody else's work.
    mutating func passOver(upTo position: Int64) {
        guard !open.isEmpty else { return }
        var ends: [DeviceID: Int] = [:]
        for index in items.indices where marks[index].signature != nil {
            ends[items[index].change.device] = index
        }
        let kept = items.indices.filter {
            !open.contains(items[$0].change.device) || $0 <= ends[items[$0].change.device] ?? -1
        }
        (items, marks) = (kept.map { items[$0] }, kept.map { marks[$0] })
        closed = (items.count, position)
        open = []
    }

    func slice(isAtEnd: Bool) -> LogSlice {
        var slice = LogSlice(position: closed.position)
        slice.items = Array(items.prefix(closed.count))
        slice.isAtEnd = isAtEnd
        var last: [DeviceID: Int] = [:]
        for (index, item) in slice.items.enumerated() { last[item.change.device] = index }
        for index in last.values.sorted() {
            let change = items[index].change
            if let signature = marks[index].signature {
                slice.signatures.append(SignedNumber(change: change, signature: signature))
            } else {
                slice.unsigned = (change, marks[index].hash)
            }
        }
        return slice
    }

    /// A message holds this much and its signatures.
    private static let most = 1024 * 1024 - 16 * 1024
}
