import ArgumentParser
import ParleyAnalysis
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

struct Assumptions: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "assumptions",
        abstract: "Key assumptions: how well supported, and what falls with them.",
        usage: "parley assumptions [A] [options]",
        discussion: """
            Examples:
              parley assumptions A-7K3F
              parley set M-4X2A linchpin=yes if_wrong="The hard line is a bid, not a belief."
              parley set M-4X2A support="caveated | one source"
              parley link J-88PD M-4X2A --as depends_on

            Linchpins, on which much rests, stand first with a *. Each analyst's support is
            kept apart. The judgments are those that rest on the assumption, directly or
            through drivers, hypotheses and other assumptions.
            """)

    @Argument(help: "The assessment, as A-7K3F; all, if none is named.", completion: .record)
    var assessment: String?
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        let workspace = try console.openToRead()
        try workspace.store.read { tx in
            let (dossier, records) = try DossierLoading(tx, now: console.now).scope(
                assessment, orAll: "assumption")
            let found = dossier.assumptions(among: records)
            let speech = AssumptionSpeech(naming: Naming(tx, workspace.membership), console: console)
            if console.options.json { return try console.json(.array(found.map(speech.json))) }
            try console.page(found.flatMap(speech.lines))
            let linchpins = found.filter(\.isLinchpin).count
            try console.note(
                found.isEmpty
                    ? "There is no assumption."
                    : "\(counted(found.count, "assumption")), \(counted(linchpins, "linchpin")).")
        }
    }
}

struct AssumptionSpeech {
    let naming: Naming
    let console: Console

    func lines(_ check: AssumptionCheck) -> [String] {
        let colour = console.out.colour
        let name = (check.isLinchpin ? "* " : "  ") + naming.short(check.assumption)
        var lines = [
            colour.paint(name, check.isLinchpin ? .attention : .strong) + "  "
                + visible(check.assumption.headline(naming))
        ]
        func add(_ label: String, _ text: String, _ style: Style = .plain) {
            let head = "    " + label.padded(to: 12)
            let width = max(20, (console.width ?? 4_096) - head.columns)
            let wrapped = visibleBlock(text).wrapped(to: width)
            for (index, line) in wrapped.enumerated() {
                lines.append((index == 0 ? head : head.map { _ in " " }.joined()) + colour.paint(line, style))
            }
        }
        let support = check.support.map { entry in
            "\(entry.analyst) \(entry.token)" + (entry.why.map { ": \($0)" } ?? "")
        }
        add("support", support.isEmpty ? "nobody has said" : support.joined(separator: "; "))
        add("if wrong", check.ifWrong ?? "not said", check.ifWrong == nil ? .faint : .plain)
        add("judgments", names(check.judgments))
        if !check.others.isEmpty { add("also", names(check.others)) }
        add("watched by", names(check.watchers))
        return lines
    }

    private func names(_ records: [DossierRecord]) -> String {
        records.isEmpty ? "none" : records.map { naming.short($0) }.joined(separator: ", ")
    }

    func json(_ check: AssumptionCheck) -> JSON {
        [
            "id": .text(check.assumption.name.fullAddress),
            "title": .text(check.assumption.headline(naming)), "linchpin": .bool(check.isLinchpin),
            "ifWrong": .text(orNull: check.ifWrong),
            "support": .array(
                check.support.map { entry in
                    [
                        "analyst": .text(entry.analyst), "support": .text(entry.token),
                        "why": .text(orNull: entry.why),
                    ]
                }),
            "judgments": .array(check.judgments.map { .text($0.name.fullAddress) }),
            "also": .array(check.others.map { .text($0.name.fullAddress) }),
            "watchedBy": .array(check.watchers.map { .text($0.name.fullAddress) }),
        ]
    }
}
