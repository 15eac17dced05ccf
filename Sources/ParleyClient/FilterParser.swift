package import ParleyCore
package import ParleyStore

/// Filters as people type them, the same in commands and screen:
///
///     kind:judgment  by:olga  since:2d  until:2026-11-01  under:A-88PD  has:review  has:due  is:deleted
///     tag:moscow  key:fb:manifold:x  status:draft,review  status:open  due:2026-12..  p:60..80
///     stance@olga:agree  title:fuel  title:"two words"  not:tag:test  word  "two words"
///
/// All conditions must hold. Nothing in them is special to a shell. What stands for what is decided here;
/// `p` is the median of the current estimates of a judgment, in percent.
package struct FilterParser {
    private let resolver: Resolver
    private let now: Instant
    private let staleDays: () throws -> Int

    /// - Parameter staleDays: after how many days `is:due` wants an indicator looked at again; only that asks.
    package init(
        _ tx: ReadTransaction, now: Instant, staleDays: @escaping () throws -> Int = { DueRule.usualDays }
    ) {
        resolver = Resolver(tx)
        self.now = now
        self.staleDays = staleDays
    }

    package func filters(_ words: [String]) throws -> [RecordFilter] {
        try words.map { try filter($0) }
    }

    private func filter(_ word: String) throws -> RecordFilter {
        guard let colon = word.firstIndex(of: ":"), colon != word.startIndex else { return .words(word) }
        let key = String(word[..<colon])
        // The shell has taken the quotes from `title:"two words"`; `see: this` is a text.
        guard !word.contains(where: \.isWhitespace) || isKnown(key) else { return .words(word) }
        let value = Self.unquoted(word[word.index(after: colon)...])
        if key == "not" { return .not(try filter(value)) }
        guard !value.isEmpty else { throw ClientError.filter("\(key): wants something behind it") }
        return try special(key, value) ?? field(key, value)
    }

    private static func unquoted(_ text: Substring) -> String {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        guard text.count >= 2, text.first == "\"", text.last == "\"" else { return String(text) }
        return String(text.dropFirst().dropLast())
    }

    private func isKnown(_ key: String) -> Bool {
        let name = String(key.prefix { $0 != "@" })
        return Self.words.contains(name) || Schema.assessments.kinds.contains { $0[name: name] != nil }
    }

    // MARK: Words that are not fields

    private func special(_ key: String, _ value: String) throws -> RecordFilter? {
        switch key {
        case "kind": return .kinds(try value.split(separator: ",").map { try kind(String($0)) })
        case "by": return .by(value)
        case "since": return .since(try moment(value).milliseconds)
        case "until": return .until(try moment(value).milliseconds)
        case "under": return .under(try resolver.record(value).id)
        case "tag": return .member("tags", value)
        case "key": return .member("keys", value)
        case "has": return try has(value)
        case "is": return try state(value)
        case "p": return try Estimates(resolver.tx).filter(within: probabilities(value))
        case "status" where value == "open": return .field("status", oneOf: Self.openStates)
        default: return nil
        }
    }

    private static let openStates = ["draft", "review", "coordinated"].map(Value.text)

    private func kind(_ name: String) throws -> UInt32 {
        if name.hasPrefix("#"), let tag = UInt32(name.dropFirst()) { return tag }
        guard let kind = Schema.assessments[name: name] else {
            let kinds = Schema.assessments.kinds.map(\.name)
            throw ClientError.unknownKind(name, candidates: nearest(to: name, among: kinds))
        }
        return kind.tag
    }

    private func has(_ name: String) throws -> RecordFilter {
        if name == "review" { return .hasReview }
        let field = try known(name)
        return field.merge.isKeyed ? .keyed(name, key: nil, value: nil) : .isSet(name)
    }

    private func state(_ word: String) throws -> RecordFilter {
        switch word {
        case "deleted": return .isDeleted
        case "resolved": return .field("resolved", oneOf: [.bool(true)])
        case "due":
            let rule = DueRule(today: Day(now), staleDays: try staleDays())
            return .among(Set(try resolver.tx.due(rule).map(\.record.id)))
        default: throw ClientError.filter("is: takes deleted, due or resolved, not \"\(word)\"")
        }
    }

    /// `2d` ago and the like, or a date or a moment.
    package func moment(_ text: String) throws -> Instant {
        let units: [Character: Int64] = ["m": 60, "h": 3600, "d": 86_400, "w": 604_800]
        if let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()),
            (0...1_000_000).contains(count)
        {
            return Instant(milliseconds: now.milliseconds - count * unit * 1000)
        }
        if let instant = Instant(text) { return instant }
        guard let date = CivilDate(text) else {
            throw ClientError.filter(
                "\"\(text)\" is no time: write 30m, 6h, 2d, 3w or a date such as 2026-11-21")
        }
        let days = Instant.daysSinceEpoch(date.year, date.month ?? 1, date.day ?? 1)
        return Instant(milliseconds: Int64(days) * 86_400_000)
    }

    private func probabilities(_ text: String) throws -> ClosedRange<Int64> {
        let ends = range(text) ?? (text, text)
        func end(_ text: String, otherwise: Int64) throws -> Int64 {
            if text.isEmpty { return otherwise }
            guard let millionths = FieldType.millionths(text.hasSuffix("%") ? text : text + "%") else {
                throw ClientError.filter("\"\(text)\" is no percentage from 0 to 100")
            }
            return millionths
        }
        let (low, high) = (try end(ends.0, otherwise: 0), try end(ends.1, otherwise: 1_000_000))
        guard low <= high else { throw ClientError.filter("p:\(text) is empty") }
        return low...high
    }

    // MARK: Fields

    private func field(_ key: String, _ value: String) throws -> RecordFilter {
        let parts = key.split(separator: "@", maxSplits: 1).map(String.init)
        let field = try known(parts[0])
        switch field.merge {
        case .set, .columns: return .member(parts[0], value)
        case .each:
            return .keyed(parts[0], key: parts.count > 1 ? parts[1] : nil, value: .text(value))
        case .shared, .once: return try plain(field, value)
        }
    }

    private func plain(_ field: Field, _ text: String) throws -> RecordFilter {
        switch field.type {
        case .line, .text, .url: return .contains(field.name, text)
        case .tuple: return .contains(field.name, text)
        case .choice, .bool:
            return .field(
                field.name, oneOf: try text.split(separator: ",").map { try value(String($0), field) })
        case .ref: return .field(field.name, oneOf: [.ref(try resolver.reference(text).id)])
        case .date, .instant, .int, .probability, .any:
            let ends = range(text) ?? (text, text)
            let low = ends.0.isEmpty ? nil : try value(ends.0, field)
            let high = ends.1.isEmpty ? nil : try value(ends.1, field)
            return .range(field.name, from: low, through: high)
        }
    }

    /// `a..b` with either end open; nil where there are no two dots.
    private func range(_ text: String) -> (String, String)? {
        guard let dots = text.firstRange(of: "..") else { return nil }
        return (String(text[..<dots.lowerBound]), String(text[dots.upperBound...]))
    }

    private func value(_ text: String, _ field: Field) throws -> Value {
        do throws(ValueFault) {
            return try field.type.value(of: text) { given throws(ValueFault) in
                throw ValueFault(given: given, allowed: field.type.allowed)
            }
        } catch {
            throw ClientError.filter("\(field.name): \"\(error.given)\" is not \(error.allowed)")
        }
    }

    /// A field of that name in any kind.
    private func known(_ name: String) throws -> Field {
        for kind in Schema.assessments.kinds { if let field = kind[name: name] { return field } }
        let names = Set(Schema.assessments.kinds.flatMap { $0.fields.map(\.name) }).union(Self.words)
        let near = nearest(to: name, among: names.sorted()).first
        throw ClientError.filter(
            "there is no field \"\(name)\"" + (near.map { "; did you mean \($0)?" } ?? "")
                + ". Quote words that hold a colon and a blank: \"a: b\"")
    }

    private static let words = [
        "kind", "by", "since", "until", "under", "tag", "key", "has", "is", "p", "not",
    ]
}

/// The current estimates of judgments and hypotheses: the latest of each analyst by the day it was made on, of
/// two on one day the one entered later. The same rule as in the analyst's methods, which do not stand here.
package struct Estimates {
    private let tx: ReadTransaction

    package init(_ tx: ReadTransaction) { self.tx = tx }

    private struct Current {
        var day: Day
        var created: Int64
        var record: RecordID
        var millionths: Int64

        var rank: (Day, Int64, RecordID) { (day, created, record) }
    }

    /// Judgment or hypothesis → analyst → the latest.
    private func current() throws -> [RecordID: [String: Current]] {
        guard let kind = Schema.assessments[name: "estimate"], let value = kind[name: "value"] else {
            return [:]
        }
        let targets = ["judgment", "hypothesis"].compactMap { kind[name: $0]?.tag }
        var current: [RecordID: [String: Current]] = [:]
        for record in try tx.wholeRecords(of: [kind.tag]) {
            guard let about = targets.lazy.compactMap({ record.image[$0].ref }).first else { continue }
            for register in record.image.registers where register.name.field == value.tag {
                guard value.type.accepts(register.value), let items = register.value.list,
                    let p = items.first?.int, let who = register.name.key
                else { continue }
                let created = record.bookkeeping.created
                let day = Day(madeOn: items.count > 2 ? items[2].text : nil, entered: created)
                let new = Current(day: day, created: created, record: record.image.name.id, millionths: p)
                if let known = current[about]?[who], known.rank > new.rank { continue }
                current[about, default: [:]][who] = new
            }
        }
        return current
    }

    /// The median of each judgment's current estimates, in millionths.
    package func medians() throws -> [RecordID: Int64] {
        try current().compactMapValues { analysts in
            let sorted = analysts.values.map(\.millionths).sorted()
            guard let high = sorted.dropFirst(sorted.count / 2).first else { return nil }
            return sorted.count.isMultiple(of: 2) ? (sorted[sorted.count / 2 - 1] + high) / 2 : high
        }
    }

    func filter(within range: ClosedRange<Int64>) throws -> RecordFilter {
        .among(Set(try medians().filter { range.contains($0.value) }.keys))
    }
}
