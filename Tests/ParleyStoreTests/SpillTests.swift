import ParleyStore
import Testing

@Suite("What a long import remembers")
struct SpillTests {
    @Test("a table that spills answers as a dictionary does, for thousands of keys in any order")
    func table() throws {
        for seed in 0..<20 {
            let table = SpillTable(most: 1 + seed * 7)
            var twin: [UInt128: SpillTable.Entry] = [:]
            var dice = SystemRandomNumberGenerator()
            let keys = (0..<300).map { _ in UInt128.random(in: 0 ... .max, using: &dice) }
            for step in 0..<1000 {
                guard let key = keys.randomElement(using: &dice) else { continue }
                if Bool.random(using: &dice) {
                    let entry = SpillTable.Entry(id: key &+ 1, number: Int64(step))
                    try table.set(key, entry)
                    twin[key] = entry
                }
                #expect(try table[key] == twin[key], "seed \(seed), step \(step)")
            }
        }
    }

    @Test("a spool gives back what was put by, however often it is read")
    func spool() throws {
        let spool = try Spool()
        var all: [UInt8] = []
        for length in [0, 1, 70_000, 3, 200_000] {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
            try spool.append(bytes)
            all += bytes
        }
        for _ in 0..<2 {
            var read: [UInt8] = []
            try spool.forEachPiece { read += $0 }
            #expect(read == all)
        }
    }
}
