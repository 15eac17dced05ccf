import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyTerminal
import ParleyTrust

struct Members: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "members",
        abstract: "Show who belongs to the workspace.",
        usage: "parley members [options]",
        discussion: """
            Examples:
              parley members
              parley members --json --fields handle,role    (with every device's id, for: parley revoke)
            """)

    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        let workspace = try console.openToRead()
        let roster = workspace.membership.roster
        let analysts = roster.analysts.values.sorted { $0.handle < $1.handle }
        if console.options.json {
            return try console.json(.array(analysts.map { json($0, roster, workspace) }))
        }
        var table = TextTable([.init(), .init(isElastic: true), .init(), .init(isRight: true), .init()])
        for analyst in analysts {
            let isMe = analyst.devices.contains(workspace.device)
            let since = analyst.devices.compactMap { roster.devices[$0]?.time }.min() ?? 0
            table.add([
                .init(isMe ? "*" : " "), .init(analyst.handle.text, .strong),
                .init(analyst.isRevoked ? "out" : analyst.role.name),
                .init(counted(analyst.devices.filter { !roster.isRevoked($0) }.count, "device")),
                .init(console.time(Instant(milliseconds: since)), .faint),
            ])
        }
        try console.table(table)
        try console.note("\(counted(analysts.filter { !$0.isRevoked }.count, "member")); * is you.")
    }

    private func removedBy(_ analyst: Roster.Analyst, _ roster: Roster) -> String? {
        guard analyst.isRevoked, let removal = analyst.devices.compactMap({ roster.removal(of: $0) }).first
        else { return nil }
        return roster.signer(of: removal)?.text
    }

    private func json(_ analyst: Roster.Analyst, _ roster: Roster, _ workspace: Workspace) -> JSON {
        [
            "handle": .text(analyst.handle.text),
            "role": analyst.isRevoked ? .null : .text(analyst.role.name),
            "removedBy": .text(orNull: removedBy(analyst, roster)),
            "you": .bool(analyst.devices.contains(workspace.device)),
            "devices": .array(
                analyst.devices.map { device in
                    [
                        "id": .text(device.text), "out": .bool(roster.isRevoked(device)),
                        "enrolled": roster.devices[device].map { .text(Instant(milliseconds: $0.time).text) }
                            ?? .null,
                    ]
                }),
        ]
    }
}
