import ArgumentParser
import ParleyAnalysis
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

struct Ach: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "ach",
        abstract: "Competing hypotheses: the matrix, the order, what would change it.",
        usage: """
            parley ach [show|rank] [A] [--by HANDLE] [--compare A,B] [--weighted] [--sort diagnosticity] [options]
            parley ach what-if [A] [--without E]... [--set E/H=RATING]... [options]
            """,
        discussion: """
            Examples:
              parley ach show A-7K3F
              parley ach show A-7K3F --sort diagnosticity
              parley ach rank A-7K3F --weighted
              parley ach show A-7K3F --by olga
              parley ach rank A-7K3F --compare olga,ben
              parley ach what-if A-7K3F --without E-2M9Q --set E-4X2A/H-91C0=II

            The hypothesis with the least against it leads: I counts 1, II counts 2, what is
            consistent counts nothing, since it may fit the others as well. A cell shows the
            middle rating; ! marks a strong dispute, ~ a mild one, . what nobody has rated.
            Weights and other rules: parley help analysis
            """,
        subcommands: [AchShow.self, AchRank.self, AchWhatIf.self], defaultSubcommand: AchShow.self)

    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {}
}

/// Which matrix is looked at, and how it is scored.
struct MatrixOptions: ParsableArguments {
    @Argument(help: "The assessment, as A-7K3F; the only one, if none is named.", completion: .record)
    var assessment: String?
    @Option(help: ArgumentHelp("One analyst's ratings alone.", valueName: "handle")) var by: String?
    @Flag(help: "Order by the scores with weights.") var weighted = false

    var scoring: Scoring { weighted ? .weighted : .plain }

    /// Two analysts are compared, or one is looked at.
    func expect(_ compare: String?) throws {
        if by != nil, compare != nil { throw ValidationError("--by and --compare exclude each other.") }
    }

    /// Runs `body` on the matrix and what is needed to speak of it.
    func with(_ console: Console, _ body: (MatrixSpeech) throws -> Void) throws {
        let workspace = try console.openToRead()
        try workspace.store.read { tx in
            let loading = DossierLoading(tx, now: console.now)
            let root = try loading.chosen(assessment)
            let dossier = try loading.assessment(root)
            let matrix = Matrix(dossier, assessment: root.id, by: by.map { [$0] })
            let speech = MatrixSpeech(
                dossier: dossier, root: root, matrix: matrix, scoring: scoring,
                naming: Naming(tx, workspace.membership), console: console)
            keepToTheEnd((dossier, matrix))
            if let by { try speech.expect(analyst: by) }
            try body(speech)
        }
    }
}

/// The same, or how two analysts differ.
struct ComparableMatrix: ParsableArguments {
    @OptionGroup var choice: MatrixOptions
    @Option(help: ArgumentHelp("Two analysts, where they differ.", valueName: "a,b")) var compare: String?

    func validate() throws { try choice.expect(compare) }

    func with(_ console: Console, _ body: (MatrixSpeech) throws -> Void) throws {
        try choice.with(console) { speech in
            if let compare { return try speech.compare(compare) }
            try body(speech)
        }
    }
}

enum MatrixSort: String, ExpressibleByArgument, CaseIterable {
    case order, diagnosticity
}

struct AchShow: Action {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "The matrix, cell by cell, and what follows from it.")

    @OptionGroup var choice: ComparableMatrix
    @Option(help: ArgumentHelp("order or diagnosticity.", valueName: "order")) var sort = MatrixSort.order
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var group: Ach

    func run(_ console: Console) throws {
        try choice.with(console) { speech in
            try speech.show(sorted: sort)
        }
    }
}

struct AchRank: Action {
    static let configuration = CommandConfiguration(
        commandName: "rank", abstract: "The hypotheses, that with the least against it first.")

    @OptionGroup var choice: ComparableMatrix
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var group: Ach

    func run(_ console: Console) throws {
        try choice.with(console) { speech in
            try speech.rank()
        }
    }
}

struct AchWhatIf: Action {
    static let configuration = CommandConfiguration(
        commandName: "what-if", abstract: "The order without some evidence, or with other ratings.")

    @OptionGroup var choice: MatrixOptions
    @Option(help: ArgumentHelp("Leave this evidence out.", valueName: "id")) var without: [String] = []
    @Option(help: ArgumentHelp("Rate a cell otherwise, as E-4X2A/H-91C0=II.", valueName: "e/h=rating"))
    var set: [String] = []
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var group: Ach

    func validate() throws {
        if without.isEmpty, set.isEmpty {
            throw ValidationError("Say what if: --without E-4X2A, or --set E-4X2A/H-91C0=II.")
        }
    }

    func run(_ console: Console) throws {
        try choice.with(console) { speech in
            let resolver = Resolver(speech.naming.tx)
            let fallen = try without.map { try speech.evidence($0, resolver) }
            var changed = speech.matrix.without(Set(fallen))
            for text in set {
                let (item, hypothesis, rating) = try speech.cell(text, resolver)
                guard !fallen.contains(item) else {
                    throw CommandFailure(
                        .usage, "usage", "\(text): that evidence is left out.",
                        hint: "either --without or --set")
                }
                changed = changed.setting(item, hypothesis, to: rating)
            }
            try speech.whatIf(changed)
        }
    }
}
