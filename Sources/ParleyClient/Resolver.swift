package import ParleyCore
internal import ParleyProtocol
package import ParleyStore
internal import ParleyTrust

/// A text that names something of a workspace, taken apart: `J-88PD`, `J-88PD.title`, `J-88PD.stance@olga`.
package struct Address: Equatable, Sendable {
    /// The kind's letter, if one is given.
    package var letter: Character?
    /// The beginning of the id in Crockford's base 32, at least four characters, or all of it.
    package var prefix: String
    /// What stands behind the first dot.
    package var field: String?

    package init(_ text: String) throws(ClientError) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let head = parts.first, parts.count == 1 || !parts[1].isEmpty else { throw .badAddress(text) }
        field = parts.count > 1 ? String(parts[1]) : nil
        let pieces = head.split(separator: "-", omittingEmptySubsequences: false)
        switch pieces.count {
        case 1: prefix = String(head)
        case 2 where pieces[0].count == 1:
            letter = pieces[0].uppercased().first
            prefix = String(pieces[1])
        default: throw .badAddress(text)
        }
        // Fewer characters would name a record by accident: a kind's letter is a digit of an id too.
        guard prefix.count >= 4, Crockford.range(ofPrefix: prefix) != nil else { throw .badAddress(text) }
    }
}

/// Finds what people name.
package struct Resolver {
    package let tx: ReadTransaction

    package init(_ tx: ReadTransaction) { self.tx = tx }

    /// - Throws: `notFound`, or `ambiguous` with up to eight candidates.
    package func record(_ text: String) throws -> RecordName {
        try record(Address(text), as: text)
    }

    package func record(_ address: Address, as text: String) throws -> RecordName {
        guard let range = Crockford.range(ofPrefix: address.prefix) else {
            throw ClientError.badAddress(text)
        }
        let kind = address.letter.flatMap { Schema.assessments.kind(letter: $0) }
        if address.letter != nil, kind == nil { throw ClientError.notFound(text) }
        let found = try tx.find(
            RecordID(range.lowerBound)...RecordID(range.upperBound), kind: kind?.tag, limit: 9)
        guard let first = found.first else { throw ClientError.notFound(text) }
        guard found.count == 1 else {
            throw ClientError.ambiguous(text, candidates: Array(found.prefix(8)))
        }
        return first
    }

    /// A reference as a value may give it: an id or its beginning, or an external key.
    package func reference(_ text: String) throws -> RecordName {
        if text.contains(":") {
            let key = DerivedID.canonical(text)
            for kind in Schema.assessments.kinds {
                if let id = try tx.findByKey(key, kind: kind.tag) {
                    return RecordName(kind: kind.tag, id: id)
                }
            }
            throw ClientError.notFound(text)
        }
        return try record(text)
    }

    /// The changeset behind `@3kq7`.
    package func change(_ text: String) throws -> ChangeID {
        guard let range = ChangeAddress.range(of: text.hasPrefix("@") ? text : "@" + text) else {
            throw ClientError.badAddress(text)
        }
        let direct = try tx.log.changes(addressed: ChangeAddress.indexRange(of: range))
            .filter { range.contains(ChangeAddress($0).number) }
        let found = direct + (try renamed(range, besides: direct))
        guard let first = found.first else { throw ClientError.notFound(text) }
        guard found.count == 1 else { throw ClientError.ambiguousChange(text, candidates: found) }
        return first
    }
}

extension Resolver {
    /// Changesets that were written again under a fresh identity keep their former address. Where that names
    /// another changeset now, the branch that others hold, it stays with that one; but whoever wrote the
    /// former one is asked to say which is meant. An address written out in full is never a former one then.
    private func renamed(
        _ range: ClosedRange<UInt128>, besides direct: [ChangeID]
    ) throws -> [ChangeID] {
        if !direct.isEmpty, range.lowerBound == range.upperBound { return [] }
        let me = try Workspace.device(tx.log)
        return try tx.aliases(addressed: ChangeAddress.indexRange(of: range))
            .filter { range.contains(ChangeAddress($0.former).number) && !direct.contains($0.now) }
            .filter { direct.isEmpty || $0.now.device == me }
            .map(\.now)
    }
}

/// Typed texts as values of a record's fields.
package struct FieldParser {
    package let resolver: Resolver
    /// The analyst for whom a missing key of an `each` field stands.
    package let me: String?

    package init(_ resolver: Resolver, me: String?) {
        self.resolver = resolver
        self.me = me
    }

    package func register(_ name: String, of kind: Kind) throws -> RegisterName {
        do throws(FieldFault) { return try kind.register(named: name, me: me) } catch {
            throw ClientError.field(kind: kind.name, fault: error)
        }
    }

    /// The value that `text` means in that register; references may be ids, their beginnings or keys.
    package func value(_ text: String, for register: RegisterName, of kind: Kind) throws -> Value {
        let type = kind[tag: register.field]?.type ?? .any
        do throws(ValueFault) {
            return try type.value(of: text) { given throws(ValueFault) in
                guard let found = try? resolver.reference(given) else {
                    throw ValueFault(given: given, allowed: type.allowed)
                }
                return found.id
            }
        } catch {
            throw ClientError.value(kind: kind.name, field: kind.text(of: register), fault: error)
        }
    }
}
