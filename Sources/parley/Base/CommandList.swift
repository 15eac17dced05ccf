import ArgumentParser

/// All commands, in the groups of `parley --help`. A new command is added here and nowhere else.
enum CommandList {
    static let groups = [
        CommandGroup(
            name: "Start",
            subcommands: [
                Init.self, Join.self, Publish.self, Status.self, Doctor.self, Config.self,
            ]),
        CommandGroup(
            name: "Server",
            subcommands: [
                Serve.self, InviteCommand.self, Members.self, RoleCommand.self, Revoke.self, KeyCommand.self,
            ]),
        CommandGroup(
            name: "Read",
            subcommands: [
                List.self, Show.self, Search.self, LogCommand.self, Blame.self, Diff.self, Conflicts.self,
            ]),
        CommandGroup(
            name: "Write",
            subcommands: [
                New.self, SetCommand.self, Edit.self, NoteCommand.self, LinkCommand.self, Delete.self,
                Undelete.self, Restore.self, UndoCommand.self, Redo.self, Drafts.self,
            ]),
        CommandGroup(
            name: "Share", subcommands: [Sync.self, WatchCommand.self, Who.self, BundleCommand.self]),
        CommandGroup(name: "Bulk", subcommands: [ImportCommand.self, ExportCommand.self]),
        CommandGroup(
            name: "Analyse",
            subcommands: [
                Ach.self, Rate.self, EstimateCommand.self, Score.self, Signposts.self, Assumptions.self,
                LintCommand.self, ReportCommand.self,
            ]),
        CommandGroup(name: "Use", subcommands: [Completion.self, Version.self]),
    ]

    /// Commands that share or move whole workspaces; they have tests of their own.
    static var elsewhere: [String] {
        groups.filter { ["Server", "Share", "Bulk"].contains($0.name) }.flatMap {
            $0.subcommands.map { $0.name }
        }
    }
}
