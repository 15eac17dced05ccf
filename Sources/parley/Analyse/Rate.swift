import ArgumentParser
import ParleyAnalysis
import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore

struct Rate: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "rate",
        abstract: "Rate evidence against a hypothesis: your own cell of the matrix.",
        usage: "parley rate EVIDENCE HYPOTHESIS CC|C|N|I|II|NA [--why TEXT] [options]",
        discussion: """
            Examples:
              parley rate E-2M9Q H-91C0 II --why "a bluff would not cost so much"
              parley rate I-4X2A H-91C0 C

            If the hypothesis were true, would you see this? CC surely, C yes, N either way,
            I no, II surely not; NA where it does not apply. An indicator is rated by how
            expected it is. The link between the two is made if there is none; nobody else's
            rating is touched. See the matrix: parley ach show
            """)

    @Argument(help: "The evidence or the indicator, as E-2M9Q.", completion: .record) var item: String
    @Argument(help: "The hypothesis, as H-91C0.", completion: .record) var hypothesis: String
    @Argument(help: "CC, C, N, I, II or NA.") var rating: String
    @Option(help: "The reason.") var why: String?
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        guard let rating = Rating(rawValue: self.rating.uppercased()) else {
            let tokens = Rating.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandFailure(
                .usage, "rating", "\(CommandFailure.quoted(self.rating)) is no rating.",
                hint: "one of \(tokens): parley rate \(item) \(hypothesis) I")
        }
        let workspace = try console.openWorkspace()
        let ends = try workspace.store.read { try self.ends($0) }
        let link = RecordName(
            kind: try New.kind(named: "link").tag,
            id: DerivedID.link(from: ends.item.id, relation: "bears_on", to: ends.hypothesis.id))
        let report = try workspace.write(.command("rate"), to: link) { maker in
            try maker.writes(assignments(rating, ends, link, maker.tx), to: link)
        }
        try report.sayChanged(console)
    }

    private func ends(_ tx: ReadTransaction) throws -> (item: RecordName, hypothesis: RecordName) {
        let resolver = Resolver(tx)
        let (item, hypothesis) = (try resolver.record(item), try resolver.record(hypothesis))
        guard ["evidence", "indicator"].contains(item.kindName), hypothesis.kindName == "hypothesis" else {
            throw CommandFailure(
                .failed, "kind",
                "Evidence or an indicator is rated against a hypothesis, not \(item.kindName) against \(hypothesis.kindName). Nothing was written.",
                hint: "parley rate E-.. H-.. I    look: parley list kind:evidence,indicator,hypothesis")
        }
        return (item, hypothesis)
    }

    private func assignments(
        _ rating: Rating, _ ends: (item: RecordName, hypothesis: RecordName), _ link: RecordName,
        _ tx: ReadTransaction
    ) throws -> [Assignment] {
        let reason = why.map { " | " + $0.trimmingSpaces() } ?? ""
        let cell = Assignment(field: "rating", text: rating.rawValue + reason)
        guard let known = try tx.bookkeeping(of: link) else {
            return [
                Assignment(field: "from", text: ends.item.fullAddress),
                Assignment(field: "rel", text: "bears_on"),
                Assignment(field: "to", text: ends.hypothesis.fullAddress), cell,
            ]
        }
        return (known.isDeleted ? [Assignment(field: "deleted", text: "no")] : []) + [cell]
    }
}
