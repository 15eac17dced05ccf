package import ParleyCore

/// A row of the log as it stands, whatever it is worth.
package struct RawRow: Equatable, Sendable {
    package var position: Int64
    package var change: ChangeID
    package var time: HybridTime
    /// Chain hash up to here.
    package var hash: [UInt8]
    package var address: UInt64
    package var bytes: [UInt8]
    /// The signature on its chain up to here; nil for none.
    package var signature: [UInt8]?
}

extension Log {
    /// Hands over all rows in the order of the log.
    package func eachRow(_ body: (RawRow) throws -> Void) throws {
        let rows = try HotStatement(
            db,
            """
            SELECT c.position, c.device, c.number, c.stamp, c.hash, c.address, c.bytes, s.signature
            FROM changeset c LEFT JOIN signature s ON s.device = c.device AND s.number = c.number
            ORDER BY c.position
            """)
        defer { rows.reset() }
        while try rows.step() {
            guard let device = rows.id(1) else { throw damaged("a changeset without a device") }
            try body(
                RawRow(
                    position: rows.int(0),
                    change: ChangeID(device: DeviceID(device), number: UInt64(bitPattern: rows.int(2))),
                    time: HybridTime(number: UInt64(bitPattern: rows.int(3))), hash: rows.bytes(4),
                    address: UInt64(bitPattern: rows.int(5)), bytes: rows.bytes(6),
                    signature: rows.isNull(7) ? nil : rows.bytes(7)))
        }
    }

    /// Statements with the names under which they are kept.
    package func namedStatements() throws -> [(hash: [UInt8], bytes: [UInt8])] {
        let rows = try HotStatement(db, "SELECT hash, bytes FROM statement ORDER BY hash")
        defer { rows.reset() }
        var all: [(hash: [UInt8], bytes: [UInt8])] = []
        while try rows.step() { all.append((rows.bytes(0), rows.bytes(1))) }
        return all
    }
}
