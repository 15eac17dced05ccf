package import ParleyCore

/// One mechanical rule of tradecraft, and the standard that it rests on.
package struct LintRule: Sendable {
    package let id: String
    package let level: LintLevel
    /// Where the rule comes from.
    package let ground: String
    /// What it looks for, in a few words.
    package let title: String
    /// A rule of handling cannot be waived away.
    package var isWaivable = true
    let check: @Sendable (LintScope) -> [Found]

    init(
        _ id: String, _ level: LintLevel, _ ground: String, _ title: String,
        check: @escaping @Sendable (LintScope) -> [Found]
    ) {
        (self.id, self.level, self.ground, self.title, self.check) = (id, level, ground, title, check)
    }

    /// All rules, in the order of their numbers.
    package static let all: [LintRule] =
        (judgmentRules + wordRules + sourceRules + structureRules + indicatorRules + teamRules).sorted {
            $0.id < $1.id
        }

    package static func named(_ id: String) -> LintRule? {
        all.first { $0.id == id.uppercased() }
    }
}

/// What a rule has found, before rule and waiver are added.
struct Found {
    var record: RecordID
    var field: String?
    var excerpt: String?
    /// Where it is not the rule's own.
    var level: LintLevel?
    var message: Message

    init(
        _ record: RecordID, _ field: String? = nil, _ message: Message, excerpt: String? = nil,
        level: LintLevel? = nil
    ) {
        (self.record, self.field, self.message, self.excerpt, self.level) = (
            record, field, message, excerpt, level
        )
    }
}

package struct LintOptions: Sendable {
    /// The marking of what is about to be handed on; nil for the assessment's own.
    package var ceiling: Marking?
    /// An indicator is due for a look after so many days.
    package var staleDays = 30
    /// Only these rules; nil for all.
    package var rules: Set<String>?

    package init(ceiling: Marking? = nil, staleDays: Int = 30, rules: Set<String>? = nil) {
        (self.ceiling, self.staleDays, self.rules) = (ceiling, staleDays, rules)
    }
}

/// An assessment as it was when it was last published; whoever lints supplies it from the history.
package struct Publication: Equatable, Sendable {
    package var at: Instant
    /// The likelihood that each judgment had then.
    package var likelihoods: [RecordID: String]

    package init(at: Instant, likelihoods: [RecordID: String]) {
        (self.at, self.likelihoods) = (at, likelihoods)
    }
}

/// Runs the rules.
package struct Lint: Sendable {
    let dossier: Dossier
    let options: LintOptions
    /// By assessment.
    let publications: [RecordID: Publication]

    package init(
        _ dossier: Dossier, options: LintOptions = LintOptions(), publications: [RecordID: Publication] = [:]
    ) {
        (self.dossier, self.options, self.publications) = (dossier, options, publications)
    }

    /// The findings of the whole dossier, or of one assessment: by assessment, rule and place, waived ones too.
    package func findings(of assessment: RecordID? = nil) -> [Finding] {
        scopes(of: assessment).flatMap(findings)
    }

    /// The findings at some records of the dossier which belong to no assessment, by rule and place.
    package func findings(at strays: [DossierRecord]) -> [Finding] {
        findings(LintScope(self, nil, strays))
    }

    private func findings(_ scope: LintScope) -> [Finding] {
        let rules = LintRule.all.filter { options.rules?.contains($0.id) ?? true }
        return rules.flatMap { rule in rule.check(scope).map { finding(rule, $0) } }
    }

    /// Kinds that only say something of others: no rule looks at one by itself.
    private static let sayings: Set = ["link", "estimate", "note"]
    /// They and what holds others together.
    package static let structure = sayings.union(["assessment"])

    private func finding(_ rule: LintRule, _ found: Found) -> Finding {
        Finding(
            rule: rule.id, level: found.level ?? rule.level, record: found.record, field: found.field,
            excerpt: found.excerpt, message: found.message,
            waiver: rule.isWaivable ? Waiver.of(rule.id, at: found.record, in: dossier) : nil)
    }

    /// One for each assessment, and one for what belongs to none.
    private func scopes(of assessment: RecordID?) -> [LintScope] {
        var members: [RecordID: [DossierRecord]] = [:]
        var loose: [DossierRecord] = []
        for record in dossier.records where !Self.sayings.contains(record.kind.name) {
            if let owner = dossier.assessment(of: record.id)?.id {
                if assessment == nil || owner == assessment { members[owner, default: []].append(record) }
            } else if assessment == nil {
                loose.append(record)
            }
        }
        let owned = dossier.all("assessment").filter { members[$0.id] != nil }.map { owner in
            LintScope(self, owner, members[owner.id] ?? [])
        }
        return owned + (loose.isEmpty ? [] : [LintScope(self, nil, loose)])
    }
}

/// What the rules look at: one assessment and all that belongs to it, or what belongs to none.
struct LintScope: Sendable {
    let dossier: Dossier
    let options: LintOptions
    let assessment: DossierRecord?
    let publication: Publication?
    let texts: [AnalystText]
    /// Of the live hypotheses of the assessment.
    let matrix: Matrix?
    private let byKind: [String: [DossierRecord]]

    init(_ lint: Lint, _ assessment: DossierRecord?, _ members: [DossierRecord]) {
        dossier = lint.dossier
        options = lint.options
        self.assessment = assessment
        publication = assessment.flatMap { lint.publications[$0.id] }
        byKind = Dictionary(grouping: members, by: \.kind.name)
        texts = members.flatMap { AnalystText.all(of: $0) }
        let hypotheses = byKind["hypothesis"] ?? []
        matrix = hypotheses.count < 2 ? nil : assessment.map { Matrix(lint.dossier, assessment: $0.id) }
    }

    func all(_ kind: String) -> [DossierRecord] { byKind[kind] ?? [] }

    var today: Day { dossier.today }

    /// Has somebody been asked to look at it, or more?
    var isInReview: Bool {
        ["review", "coordinated", "published"].contains(assessment?.choice("status") ?? "draft")
    }

    /// Notes of one kind about a record which have a body and are not resolved.
    func notes(_ kind: String, about id: RecordID) -> [DossierRecord] {
        dossier.notes(about: id).filter {
            $0.choice("kind") == kind && !$0.flag("resolved") && !$0.each("body").isEmpty
        }
    }
}

/// A text that the analysts answer for, with those of its sentences that hold a word the rules look for.
struct AnalystText: Sendable {
    let record: DossierRecord
    let field: String
    let sentences: [Sentence]

    private static let fields: [String: [String]] = [
        "assessment": ["bluf", "implications", "change"], "section": ["text"],
        "judgment": ["title", "text", "basis"], "driver": ["text"],
    ]

    static func all(of record: DossierRecord) -> [AnalystText] {
        (fields[record.kind.name] ?? []).compactMap { field in
            guard let text = record.text(field), TriggerWords.shared.occur(in: text) else { return nil }
            return AnalystText(record: record, field: field, sentences: Sentence.all(in: text))
        }
    }
}
