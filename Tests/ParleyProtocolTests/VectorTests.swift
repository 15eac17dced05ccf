import ParleyCore
import ParleyProtocol
import Testing

/// Runs every vector of Protocol.md by one table; a group that nobody runs is a failure.
@Suite("The vectors of Protocol.md")
struct VectorTests {
    private static let runners: [String: @Sendable (Vector) throws -> Void] = [
        "crockford": base32, "time": time, "varint": varint, "value": value, "header": header, "body": body,
        "changeset": changeset, "key": key, "id": id, "frame": frame, "message": message, "digest": digest,
        "merge": merge, "packing": packing, "bundle": bundle,
    ]

    /// These are run by ParleyTrustTests and, the channel's, by ParleyTransportTests, which fail if one of them
    /// is not.
    private static let elsewhere: Set = [
        "identity", "fingerprint", "chain", "address", "found", "grant", "enrol", "statement", "roster",
        "invite", "channel", "law", "removals", "role", "revoke", "seal", "epoch", "share", "sealed",
        "presence",
    ]

    @Test("every vector holds")
    func everyVector() throws {
        let specification = try Specification.load()
        #expect(Set(specification.vectors.map(\.name)).count == specification.vectors.count)
        var counts: [String: Int] = [:]
        for vector in specification.vectors where !Self.elsewhere.contains(vector.group) {
            do {
                try run(vector)
            } catch {
                Issue.record("\(vector.name): \(error)")
            }
            counts[vector.group, default: 0] += 1
        }
        #expect(Set(counts.keys) == Set(Self.runners.keys))
        for (group, count) in counts.sorted(by: { $0.key < $1.key }) {
            promise("vectors \(group)", count: count)
        }
        promise("vectors", count: counts.values.reduce(0, +))
    }

    private static func bundle(_ vector: Vector) throws {
        let workspace = try #require(WorkspaceID(try vector.bytes("workspace")))
        let device = try #require(UInt128(bigEndianBytes: try vector.bytes("device")))
        let preface = BundlePreface(
            workspace: workspace, device: DeviceID(device), time: try vector.signed("time"))
        let bytes = try vector.bytes()
        #expect(preface.frame.encoded == bytes)
        var reader = FrameReader(limit: Limits.frame)
        reader.append(bytes)
        let frame = try #require(try reader.next())
        #expect(try BundlePreface(decoding: frame) == preface)
        for length in frame.payload.indices {
            let cut = Frame(kind: frame.kind, payload: Array(frame.payload.prefix(length)))
            #expect(throws: BundlePreface.Fault.self) { try BundlePreface(decoding: cut) }
        }
    }

    private func run(_ vector: Vector) throws {
        if let expected = vector.optional("expect"), expected.hasPrefix("malformed ") {
            return try refused(vector, String(expected.dropFirst(10)))
        }
        guard let runner = Self.runners[vector.group] else {
            Issue.record("\(vector.name): no test runs this group")
            return
        }
        try runner(vector)
    }

    // MARK: Malformed

    private func refused(_ vector: Vector, _ reason: String) throws {
        let bytes = try vector.bytes()
        do {
            switch try vector.text("of") {
            case "base-32": try readBase32(bytes)
            case "varint": try readVarint(bytes)
            case "value": _ = try Value(decoding: bytes)
            case "changeset": _ = try ChangesetHeader.decode(bytes)
            case "body": _ = try ChangesetBody(decoding: bytes)
            case "packed": _ = try Packing.unpack(bytes, in: bytes.indices)
            case "message": return try refusedMessage(vector, bytes)
            case let other: Issue.record("\(vector.name): of \(other)")
            }
            Issue.record("\(vector.name) was taken")
        } catch let fault as MalformedBytes {
            #expect(fault.reason.word == reason, "\(vector.name)")
            #expect((0...bytes.count).contains(fault.offset), "\(vector.name)")
        }
    }

    /// A message's fault reaches its owner as the session's error, whose text names it.
    private func refusedMessage(_ vector: Vector, _ bytes: [UInt8]) throws {
        var reader = FrameReader(limit: Limits.frame)
        reader.append(bytes)
        let frame = try #require(try reader.next())
        let error = #expect(throws: ProtocolError.self, "\(vector.name)") { try Message(decoding: frame) }
        #expect(error?.code == .malformed, "\(vector.name)")
    }

    /// Nothing tells why a text is no base 32.
    private func readBase32(_ bytes: [UInt8]) throws(MalformedBytes) {
        guard Crockford.decode(String(decoding: bytes, as: UTF8.self)) == nil else { return }
        throw MalformedBytes(.notAllowed, at: 0, reading: "base 32")
    }

    private func readVarint(_ bytes: [UInt8]) throws(MalformedBytes) {
        var reader = ByteReader(bytes)
        _ = try reader.varint()
        try reader.expectEnd("number")
    }

    // MARK: Part 1

    private static func base32(_ vector: Vector) throws {
        let text = try vector.text("text")
        #expect(Crockford.encode(try vector.bytes()) == text)
        #expect(Crockford.decode(text) == (try vector.bytes()))
    }

    private static func time(_ vector: Vector) throws {
        var reader = ByteReader(try vector.bytes("seen"))
        let next = HybridTime.next(
            after: HybridTime(number: try reader.uint64()), wall: try vector.signed("wall"))
        var bytes: [UInt8] = []
        bytes.append(uint64: next.number)
        #expect(bytes.hex == (try vector.text("next")), "\(vector.name)")
    }

    private static func value(_ vector: Vector) throws {
        let bytes = try vector.bytes()
        let value = try Value(decoding: bytes)
        #expect(value.encoded == bytes, "\(vector.name)")
        let shown = unescaped(try vector.text("diagnostic"))
        if case .other = value { return }
        // As bytes: strings are equal whether composed or decomposed.
        #expect(value.diagnostic.utf8.elementsEqual(shown.utf8), "\(vector.name)")
    }

    /// Reads the escapes by which the document shows what it cannot contain.
    private static func unescaped(_ text: String) -> String {
        text.replacing(/\\u([0-9a-f]{4})/) { escape in
            UInt16(escape.1, radix: 16).flatMap(Unicode.Scalar.init).map { String($0) } ?? ""
        }
    }

    private static func key(_ vector: Vector) throws {
        let given = String(decoding: try vector.bytes("given"), as: UTF8.self)
        #expect(Array(DerivedID.canonical(given).utf8) == (try vector.bytes("canonical")), "\(vector.name)")
    }

    private static func id(_ vector: Vector) throws {
        let id = RecordID(try #require(UInt128(bigEndianBytes: try vector.bytes("id"))))
        if let from = vector.optional("from") {
            let from = try #require(Value.bytes([UInt8](hex: from) ?? []).ref)
            let to = try #require(Value.bytes(try vector.bytes("to")).ref)
            #expect(DerivedID.link(from: from, relation: try vector.text("relation"), to: to) == id)
        } else {
            let key = String(decoding: try vector.bytes("key"), as: UTF8.self)
            let kind = UInt32(try vector.number("kind"))
            #expect(DerivedID.record(kind: kind, key: key) == id, "\(vector.name)")
        }
    }

    private static func merge(_ vector: Vector) throws {
        let history = try MergeVector(vector)
        let orders = history.orders
        #expect(!orders.isEmpty, "\(vector.name)")
        for order in orders {
            let heads = history.heads(after: order)
            #expect(heads.map(history.name) == history.expected, "\(vector.name), order \(order)")
            #expect(setAside(heads).map(history.name) == history.aside, "\(vector.name), order \(order)")
        }
    }

    // MARK: Part 2

    private static func varint(_ vector: Vector) throws {
        let number = try vector.number("number")
        var bytes: [UInt8] = []
        bytes.append(varint: number)
        #expect(bytes == (try vector.bytes()), "\(vector.name)")
        var reader = ByteReader(bytes)
        #expect(try reader.varint() == number, "\(vector.name)")
    }

    private static func header(_ vector: Vector) throws {
        let (header, size) = (try ChangesetHeader(vector), Int(try vector.number("size")))
        let bytes = try vector.bytes()
        #expect(header.encoded(bodySize: size) == bytes, "\(vector.name)")
        let whole = bytes + [UInt8](repeating: 0, count: size)
        let (decoded, body) = try ChangesetHeader.decode(whole)
        #expect(decoded == header, "\(vector.name)")
        #expect(body == bytes.count..<whole.count, "\(vector.name)")
    }

    private static func body(_ vector: Vector) throws {
        let bytes = try vector.bytes()
        let (written, said) = (try vector.writes("write"), try vector.writes("said"))
        let body = try ChangesetBody(decoding: bytes)
        #expect(body.act.kind == (try vector.number("act")), "\(vector.name)")
        #expect(body.act.attributes == (try vector.attributes()), "\(vector.name)")
        let again = ChangesetBody.encode(act: body.act, written: written, said: said)
        #expect(again == bytes, "\(vector.name)")
        #expect(body.written.reduce(0) { $0 + $1.writes.count } == written.count, "\(vector.name)")
        #expect(body.said.reduce(0) { $0 + $1.writes.count } == said.count, "\(vector.name)")
    }

    private static func changeset(_ vector: Vector) throws {
        let bytes = try vector.bytes()
        let (header, range) = try ChangesetHeader.decode(bytes)
        #expect(header == (try ChangesetHeader(vector)), "\(vector.name)")
        #expect(header.encoded(bodySize: range.count) == Array(bytes[..<range.lowerBound]), "\(vector.name)")
        let body = try vector.bytes("unpacked")
        #expect(UInt64(bytes[range.lowerBound]) == (try vector.number("packing")), "\(vector.name)")
        #expect(try Packing.unpack(bytes, in: range) == body, "\(vector.name)")
        _ = try ChangesetBody(decoding: body)
        let packed = Packing.pack(body)
        #expect(try Packing.unpack(packed, in: packed.indices) == body, "\(vector.name)")
    }

    private static func packing(_ vector: Vector) throws {
        let bytes = try vector.bytes()
        #expect(
            try Packing.unpack(bytes, in: bytes.indices) == (try vector.bytes("unpacked")), "\(vector.name)")
    }

    // MARK: Part 3

    private static func frame(_ vector: Vector) throws {
        var reader = FrameReader(limit: vector.optional("limit").flatMap { Int($0) } ?? Limits.frame)
        reader.append(try vector.bytes())
        if let expected = vector.optional("expect") {
            let error = #expect(throws: ProtocolError.self, "\(vector.name)") { try reader.next() }
            #expect(error.map { "failure \($0.code)" } == expected, "\(vector.name)")
        } else {
            let frame = Frame(kind: UInt8(try vector.number("kind")), payload: try vector.bytes("payload"))
            #expect(frame.encoded == (try vector.bytes()), "\(vector.name)")
            #expect(try reader.next() == frame, "\(vector.name)")
            #expect(reader.partial == 0, "\(vector.name)")
        }
    }

    private static func message(_ vector: Vector) throws {
        let bytes = try vector.bytes()
        var reader = FrameReader(limit: Limits.frame)
        reader.append(bytes)
        let message = try Message(vector)
        #expect(try Message(decoding: try #require(try reader.next())) == message, "\(vector.name)")
        if vector.optional("expect") == nil { #expect(message.frame.encoded == bytes, "\(vector.name)") }
    }

    private static func digest(_ vector: Vector) throws {
        let entries = try vector.entries("entry")
        #expect(Digests.frontier(entries) == (try vector.bytes("digest")), "\(vector.name)")
    }
}
