import ParleyAnalysis
import ParleyCore
import Testing

/// Makes records for tests by the names of fields, as people write them; ids are small numbers.
struct Sample {
    var images: [RecordImage] = []
    private(set) var facts: [RecordID: RecordFacts] = [:]
    var today = Day(CivilDate("2026-11-25")!)

    static func id(_ number: Int) -> RecordID { RecordID(UInt128(number)) }

    /// Fields as typed: `value@olga`, `tags:moscow`. A reference is `#7`.
    @discardableResult
    mutating func add(
        _ kind: String, _ number: Int, _ fields: [String: String] = [:], at time: Int64? = nil,
        by author: String? = nil
    ) -> RecordID {
        let kind = Schema.assessments[name: kind]!
        let registers = fields.compactMap { name, text -> RegisterImage? in
            guard let register = try? kind.register(named: name), let field = kind[tag: register.field],
                let value = try? field.type.value(of: text, reference: { Self.reference($0) })
            else {
                Issue.record("\(kind.name).\(name) = \(text) is no value")
                return nil
            }
            return RegisterImage(register, value)
        }
        let id = Self.id(number)
        images.append(
            RecordImage(
                name: RecordName(kind: kind.tag, id: id), registers: registers.sorted { $0.name < $1.name }))
        facts[id] = RecordFacts(
            created: Instant(milliseconds: time ?? Int64(number)), author: author)
        return id
    }

    private static func reference(_ text: String) -> RecordID { id(Int(text.dropFirst())!) }

    private var nextLink = 100_000

    @discardableResult
    mutating func link(
        _ from: Int, _ relation: String, _ to: Int, _ ratings: [String: String] = [:]
    ) -> RecordID {
        nextLink += 1
        var fields = ["from": "#\(from)", "rel": relation, "to": "#\(to)"]
        for (analyst, rating) in ratings { fields["rating@\(analyst)"] = rating }
        return add("link", nextLink, fields)
    }

    mutating func amend(_ number: Int, _ change: (inout RecordFacts) -> Void) {
        change(&facts[Self.id(number)]!)
    }

    var dossier: Dossier { Dossier(records: images, facts: facts, today: today) }

    func shuffled(by generator: inout some RandomNumberGenerator) -> Dossier {
        Dossier(records: images.shuffled(using: &generator), facts: facts, today: today)
    }
}

extension Day {
    /// `YYYY-MM-DD`.
    init(_ date: CivilDate) { self.init(lastOf: date) }

    init(_ text: String) { self.init(lastOf: CivilDate(text)!) }
}
