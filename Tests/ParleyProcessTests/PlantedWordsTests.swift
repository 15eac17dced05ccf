import Foundation
import Glibc
import Testing

/// Looks for pieces of bytes in files and in the memory of a process.
private struct Search {
    /// What is looked for, each in every encoding that a program might keep it in.
    let patterns: [(word: String, bytes: [UInt8])]
    private(set) var found: Set<String> = []
    private(set) var bytesSeen = 0

    init(_ words: [String], _ raw: [(word: String, bytes: [UInt8])] = []) {
        patterns =
            raw
            + words.flatMap { word -> [(String, [UInt8])] in
                [String.Encoding.utf8, .utf16LittleEndian, .utf16BigEndian].map {
                    (word, [UInt8](word.data(using: $0) ?? Data()))
                }
            }
    }

    mutating func look(_ bytes: UnsafeRawBufferPointer) {
        bytesSeen += bytes.count
        for (word, pattern) in patterns where !found.contains(word) {
            if Self.holds(bytes, pattern) { found.insert(word) }
        }
    }

    /// Goes from one place of a byte that is not 0 to the next.
    private static func holds(_ bytes: UnsafeRawBufferPointer, _ pattern: [UInt8]) -> Bool {
        guard let anchor = pattern.firstIndex(where: { $0 != 0 }), let base = bytes.baseAddress else {
            return false
        }
        var place = anchor
        while place + pattern.count - anchor <= bytes.count {
            let rest = bytes.count - place
            guard let hit = memchr(base + place, Int32(pattern[anchor]), rest) else { return false }
            place = UnsafeRawPointer(hit) - base
            guard place + pattern.count - anchor <= bytes.count else { return false }
            if memcmp(base + place - anchor, pattern, pattern.count) == 0 { return true }
            place += 1
        }
        return false
    }

    /// All files below a folder.
    mutating func look(inFolder folder: String) throws {
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        for name in names {
            guard let data = FileManager.default.contents(atPath: folder + "/" + name) else { continue }
            data.withUnsafeBytes { look($0) }
        }
    }

    /// All readable memory of a process.
    mutating func look(inProcess pid: pid_t) throws {
        let maps = try String(contentsOfFile: "/proc/\(pid)/maps", encoding: .utf8)
        let memory = open("/proc/\(pid)/mem", O_RDONLY)
        guard memory >= 0 else { throw Trouble("the memory of \(pid) cannot be read: \(errno)") }
        defer { close(memory) }
        for line in maps.split(separator: "\n")
        where line.split(separator: " ").dropFirst().first?.first == "r" {
            let ends = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt64($0, radix: 16) }
            guard ends.count == 2, ends[1] <= UInt64(Int64.max) else { continue }
            look(memory, from: ends[0], to: ends[1])
        }
    }

    private mutating func look(_ memory: Int32, from start: UInt64, to end: UInt64) {
        let (piece, overlap) = (4 << 20, 256)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: 16)
        defer { buffer.deallocate() }
        var place = start
        while place < end {
            let count = pread(memory, buffer.baseAddress, min(piece, Int(end - place)), off_t(place))
            guard count > 0 else { return }
            look(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            guard place + UInt64(count) < end else { return }
            place += UInt64(max(count - overlap, 1))
        }
    }
}

@Suite("Planted words", .enabled(if: Parley.isBuilt, "no parley executable"))
struct PlantedWordsTests {
    private static let words = [
        "quokkatitle7341", "wombattext9025", "numbatnote5518", "bilbymessage6602", "dunnartsource4417",
        "pademelonstance3390", "bettongfeed8176", "kowaricolumn2253", "potoroolive7719",
    ]
    let team: Team

    init() throws { team = try Team("planted-ports") }

    /// - Returns: the whole id of the record that everything is about.
    private func plant() throws -> String {
        let words = Self.words
        let id = try team.olga.new("judgment", "title=\(words[0])", "text=\(words[1])")
        try team.olga.succeed("note", id, "Is it \(words[2])?")
        try team.olga.succeed("set", id, "likelihood=likely", "-m", words[3])
        try team.olga.succeed("set", id, "stance=agree | \(words[5])")
        let feed = try team.scratch.file("feed.csv", "key,title,\(words[7])\na,\(words[6]),x\n")
        try team.olga.succeed(
            "import", feed, "--kind", "evidence", "--key", "key", "--source", words[4])
        return id
    }

    /// The 16 bytes of a whole id such as `J-..`.
    private func bytes(ofID id: String) -> [UInt8] {
        let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        let digits = id.split(separator: "-").last.map { $0.compactMap { alphabet.firstIndex(of: $0) } } ?? []
        var (bytes, held, bits): ([UInt8], Int, Int) = ([], 0, 0)
        for digit in digits {
            (held, bits) = ((held << 5 | digit) & 0xFFF, bits + 5)
            guard bits >= 8 else { continue }
            bits -= 8
            bytes.append(UInt8(held >> bits & 0xFF))
        }
        return bytes
    }

    @Test(
        "whoever runs the server finds no word, note, source or record in its files and its memory; members read all"
    )
    func planted() throws {
        let watch = try team.ben.watch()
        let id = try plant()
        try team.olga.succeed("sync")
        try team.olga.succeed("set", id, "basis=\(Self.words[8])", "--sync")
        #expect(watch.wait(.seconds(30)) { $0.outputText.contains(Self.words[8]) }, "\(watch.errorText)")
        try team.olga.succeed("who")
        let record = bytes(ofID: id)
        try #require(record.count == 16, "\(id)")
        let raw = [(word: "the record's id", bytes: record)]
        // What is looked for is there to be found, in the file of whoever wrote it.
        var own = Search(Self.words, raw)
        try own.look(inFolder: team.olga.path)
        // Only what was said of a change with -m stands nowhere but in the sealed body.
        let plain = Set(Self.words + ["the record's id"]).subtracting([Self.words[3]])
        #expect(own.found == plain, "\(own.found)")
        // Handles and the workspace's name stand in statements, which a server reads: they are no secret.
        let open = ["olga", "planted-ports"]
        var files = Search(Self.words + [String(id.dropFirst(2))] + open, raw)
        try files.look(inFolder: team.server.data)
        #expect(files.found == Set(open), "in files: \(files.found)")
        var memory = Search(Self.words + [String(id.dropFirst(2))] + open, raw)
        try memory.look(inProcess: team.server.pid)
        #expect(memory.found == Set(open), "in memory: \(memory.found)")
        #expect(files.bytesSeen > 10_000 && memory.bytesSeen > 1_000_000)
        try expectReadable(by: team.ben, id)
        promise("planted-words", Self.words.count + 2)
    }

    private func expectReadable(by member: Home, _ id: String) throws {
        try member.succeed("sync")
        let all =
            try member.export().output + member.succeed("log").output
            + member.succeed("log", id, "--patch").output
        for word in Self.words { #expect(all.contains(word), "\(word)") }
        let newcomer = try team.member("cara")
        #expect(try newcomer.export().bytes == team.olga.export().bytes, "a new member reads the history")
    }
}
