import ArgumentParser
import ParleyAnalysis
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

struct Signposts: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "signposts",
        abstract: "What is watched, what is due for a look, what was seen.",
        usage: "parley signposts [A] [--due] [options]",
        discussion: """
            Examples:
              parley signposts
              parley signposts A-7K3F --due
              parley set I-4X2A checked=2026-11-25
              parley set I-4X2A state=seen seen="2026-11-24 | E-2M9Q"

            An indicator is due when its window has passed, or when nobody has checked it for
            so many days as lint.stale_days says (30). What was seen or retired is due no more.
            The judgments are those that rest on what it watches: look at them again when it
            is seen. Judgments past their own date: parley list is:due
            """)

    @Argument(help: "The assessment, as A-7K3F; all, if none is named.", completion: .record)
    var assessment: String?
    @Flag(help: "Only what is due.") var due = false
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        let workspace = try console.openToRead()
        let days = try console.staleDays(workspace)
        try workspace.store.read { tx in
            let (dossier, records) = try DossierLoading(tx, now: console.now).scope(
                assessment, orAll: "indicator")
            let found = dossier.signposts(among: records, staleDays: days)
            let shown = due ? found.filter { $0.due != nil } : found
            let speech = SignpostSpeech(
                naming: Naming(tx, workspace.membership), console: console)
            if console.options.json { return try console.json(.array(shown.map(speech.json))) }
            try console.table(speech.table(shown))
            let count = found.filter { $0.due != nil }.count
            try console.note(
                found.isEmpty
                    ? "There is no indicator."
                    : "\(counted(found.count, "indicator")), \(count) due for a look.")
            if count > 0 { try console.hint("looked: parley set I-.. checked=\(dossier.today.text)") }
        }
    }
}

extension Console {
    /// After how many days an indicator wants another look.
    func staleDays(_ workspace: Workspace) throws -> Int {
        try configuration(workspace: workspace.folder).number("lint.stale_days") ?? DueRule.usualDays
    }

    /// For marks beside other things: a broken configuration stops no list and no status.
    func dueRule(_ workspace: Workspace) -> DueRule {
        let days = try? Configuration(paths: paths, workspace: workspace.folder).number("lint.stale_days")
        return DueRule(today: Day(now), staleDays: days ?? DueRule.usualDays)
    }
}

extension DossierLoading {
    /// An assessment's records, or all of one kind and what rests on them.
    func scope(_ text: String?, orAll kind: String) throws -> (Dossier, [DossierRecord]) {
        guard let text else {
            let dossier = try all(kind)
            return (dossier, dossier.records)
        }
        let root = try chosen(text)
        let dossier = try assessment(root)
        return (dossier, dossier.contents(of: root.id))
    }
}

extension DueReason {
    /// `window passed 2026-10-31`
    var words: String {
        switch self {
        case .windowPassed(let day): "window passed \(day.text)"
        case .checked(let days): "checked \(days) days ago"
        case .neverChecked(let days): "never checked, \(days) days old"
        case .unsettled(let day): "no outcome, due \(day.text)"
        }
    }
}

struct SignpostSpeech {
    let naming: Naming
    let console: Console

    func table(_ signposts: [Signpost]) -> TextTable {
        var table = TextTable([
            .init(), .init(isElastic: true, least: 12), .init(), .init(), .init(isElastic: true),
            .init(isElastic: true),
        ])
        if console.out.isTerminal, !signposts.isEmpty {
            table.add(["", "", "state", "look", "watches", "judgments"].map { .init($0, .faint) })
        }
        for signpost in signposts {
            let state = signpost.seen.map { "\(signpost.state) \($0.text)" } ?? signpost.state
            table.add([
                .init(naming.short(signpost.indicator), .strong), .init(signpost.indicator.headline(naming)),
                .init(state, signpost.state == "seen" ? .attention : .plain),
                .init(signpost.due.map { "! " + $0.words } ?? "", .attention),
                .init(names(signpost.watched)), .init(names(signpost.judgments)),
            ])
        }
        return table
    }

    private func names(_ records: [DossierRecord]) -> String {
        records.map { naming.short($0) }.joined(separator: ", ")
    }

    func json(_ signpost: Signpost) -> JSON {
        [
            "id": .text(signpost.indicator.name.fullAddress),
            "title": .text(signpost.indicator.headline(naming)), "state": .text(signpost.state),
            "due": .text(orNull: signpost.due?.words), "seen": .text(orNull: signpost.seen?.text),
            "evidence": signpost.evidence.map { .text(naming.reference($0, whole: true)) } ?? .null,
            "watches": .array(signpost.watched.map { .text($0.name.fullAddress) }),
            "judgments": .array(signpost.judgments.map { .text($0.name.fullAddress) }),
        ]
    }
}
