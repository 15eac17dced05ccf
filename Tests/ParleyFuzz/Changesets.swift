import ParleyCore
import ParleyExchange
import ParleyProtocol

extension FuzzTarget {
    /// Input: a changeset. Its header is written again as the same bytes.
    static let changesets = FuzzTarget(
        "changesets", seeds: { try Golden.vectors("header") + Golden.vectors("changeset") },
        repair: resized,
        check: { input in
            do throws(MalformedBytes) {
                let (header, body) = try ChangesetHeader.decode(input)
                let head = input[..<body.lowerBound]
                try same(header.encoded(bodySize: body.count), Array(head), "header")
                let alone = try ChangesetHeader(prefixOf: input)
                if alone != header { throw MalformedBytes(.notAllowed, at: -1, reading: "a header alone") }
                if let unpacked = try? Packing.unpack(input, in: body) {
                    _ = try? ChangesetBody(decoding: unpacked)
                }
                return true
            } catch { return try refused(error) }
        })

    /// Input: a plain body. Its act and its writes are written again as the same bytes, and every record in
    /// it goes through a line of JSON without a loss.
    static let bodies = FuzzTarget(
        "bodies", seeds: { try Golden.vectors("body") },
        check: { input in
            var images: [RecordImage] = []
            do throws(MalformedBytes) {
                let body = try ChangesetBody(decoding: input)
                let again = ChangesetBody.encode(
                    act: body.act, written: Self.writes(body, body.written),
                    said: Self.writes(body, body.said))
                try same(again, input, "body")
                try same(body.bytes(under: body.act), input, "body under its act")
                for attribute in body.act.attributes.values { _ = attribute.namedChanges }
                images = body.written.map { group in
                    let registers = body.writes(of: group).map {
                        RegisterImage(body.register(of: $0), body.value(of: $0))
                    }
                    return RecordImage(name: group.name, registers: registers)
                }
            } catch { return try refused(error) }
            for image in images { try Lines.goThrough(image) }
            return true
        })

    /// Input: a packed body.
    static let packing = FuzzTarget(
        "packing",
        seeds: { try Golden.vectors("packing") + Golden.vectors("body").map { Packing.pack($0 + $0 + $0) } },
        check: { input in
            do throws(MalformedBytes) {
                let body = try Packing.unpack(input, in: input.indices)
                if body.count > ChangesetBody.longest {
                    throw MalformedBytes(.tooLong, at: -1, reading: "body")
                }
                let again = Packing.pack(body)
                try same(Packing.unpack(again, in: again.indices), body, "packed body")
                try same(Packing.unpack([9] + input, in: 1..<input.count + 1), body, "body in a range")
                return !body.isEmpty
            } catch { return try refused(error) }
        })

    private static func writes(_ body: ChangesetBody, _ groups: [RecordGroup]) -> [RegisterWrite] {
        groups.flatMap { group in
            body.writes(of: group).map {
                RegisterWrite(group.name, body.register(of: $0), body.value(of: $0))
            }
        }
    }

    /// A broken promise travels as a fault at byte -1, which no decoder says.
    private static func same(
        _ bytes: [UInt8], _ input: [UInt8], _ what: StaticString
    ) throws(MalformedBytes) {
        if bytes != input { throw MalformedBytes(.notAllowed, at: -1, reading: "a second form of a \(what)") }
    }

    private static func refused(_ error: MalformedBytes) throws -> Bool {
        try hold(error.offset >= 0, error.what)
        return false
    }

    /// The size of the body is made what is there.
    private static func resized(_ input: [UInt8]) -> [UInt8] {
        guard let header = try? ChangesetHeader(prefixOf: input) else { return input }
        let start = header.encoded(bodySize: 0).count - 1
        let size = input[start...].prefix { $0 >= 0x80 }.count + 1
        let body = input.dropFirst(start + size)
        return header.encoded(bodySize: body.count) + body
    }
}
