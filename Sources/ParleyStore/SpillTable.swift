internal import GRDB
internal import ParleyCore

/// A table from 16 bytes to a record's name or a number, of any size in little memory: what was put in last is
/// kept here, the rest lies in a file of its own that has no name and goes with this object.
package final class SpillTable {
    package struct Entry: Equatable, Sendable {
        package var id: UInt128
        package var number: Int64

        package init(id: UInt128 = 0, number: Int64) {
            self.id = id
            self.number = number
        }
    }

    private var recent: [UInt128: Entry] = [:]
    /// On their way into the file, on another thread.
    private var leaving: [UInt128: Entry] = [:]
    private var move: Beside<Void>?
    private var file: DatabaseQueue?
    private var filter = KeyFilter()
    private let most: Int

    /// - Parameter most: entries in memory.
    package init(most: Int = 40_000) { self.most = most }

    package subscript(key: UInt128) -> Entry? {
        get throws {
            if let entry = recent[key] ?? leaving[key] { return entry }
            guard let file, filter.mayHold(key) else { return nil }
            return try file.inDatabase { db in
                let row = try HotStatement(db, "SELECT id, number FROM entry WHERE key = ?")
                row.bind(1, id: key)
                defer { row.reset() }
                guard try row.step() else { return nil }
                return Entry(id: row.id(0) ?? 0, number: row.int(1))
            }
        }
    }

    package func set(_ key: UInt128, _ entry: Entry) throws {
        recent[key] = entry
        if recent.count >= most / 2 { try spill() }
    }

    private func spill() throws {
        _ = try move?.get()
        let file = try file ?? Self.open()
        self.file = file
        (leaving, recent) = (recent, [:])
        recent.reserveCapacity(leaving.count)
        for key in leaving.keys { filter.insert(key) }
        move = Beside { [leaving] in try Self.save(leaving, in: file) }
    }

    private static func save(_ entries: [UInt128: Entry], in file: DatabaseQueue) throws {
        try file.inDatabase { db in
            try db.inTransaction {
                let row = try HotStatement(
                    db, "INSERT OR REPLACE INTO entry (key, id, number) VALUES (?, ?, ?)")
                for (key, entry) in entries.sorted(by: { $0.key < $1.key }) {
                    row.bind(1, id: key)
                    row.bind(2, id: entry.id)
                    row.bind(3, entry.number)
                    try row.run()
                }
                return .commit
            }
        }
    }

    /// SQLite makes a file for an empty name, takes the name away at once, and deletes it on closing.
    private static func open() throws -> DatabaseQueue {
        let queue = try DatabaseQueue(path: "")
        try queue.writeWithoutTransaction { db in
            try db.execute(
                sql: """
                    PRAGMA journal_mode = OFF;
                    PRAGMA synchronous = OFF;
                    PRAGMA cache_size = -6000;
                    CREATE TABLE entry (key BLOB PRIMARY KEY, id BLOB, number INTEGER) WITHOUT ROWID;
                    """)
        }
        return queue
    }
}

/// Tells of most keys that were never put in that they were not (a Bloom filter): 4 MiB, one key in thousands in
/// doubt at a million.
struct KeyFilter {
    private static let bits: UInt64 = 1 << 25
    private var words: [UInt64] = []

    mutating func insert(_ key: UInt128) {
        if words.isEmpty { words = [UInt64](repeating: 0, count: Int(Self.bits / 64)) }
        for number in 0..<Self.places {
            let place = Self.place(number, of: key)
            words[Int(place / 64)] |= 1 << (place % 64)
        }
    }

    func mayHold(_ key: UInt128) -> Bool {
        guard !words.isEmpty else { return false }
        for number in 0..<Self.places {
            let place = Self.place(number, of: key)
            if words[Int(place / 64)] & (1 << (place % 64)) == 0 { return false }
        }
        return true
    }

    private static let places: UInt64 = 4

    @inline(__always)
    private static func place(_ number: UInt64, of key: UInt128) -> UInt64 {
        let mixed = UInt64(truncatingIfNeeded: key ^ (key >> 64)) &* 0x9E37_79B9_7F4A_7C15
        let step = UInt64(truncatingIfNeeded: key >> 32) | 1
        return ((mixed &+ number &* step) >> 13) % bits
    }
}
