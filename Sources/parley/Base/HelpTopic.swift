/// `parley help TOPIC`: what belongs to no single command.
enum HelpTopic: String, CaseIterable {
    case exitCodes = "exit-codes"
    case filters
    case environment
    case formats
    case mapping
    case keys
    case analysis

    var text: String {
        switch self {
        case .exitCodes: Self.exitCodesText
        case .filters: Self.filtersText
        case .environment: Self.environmentText
        case .formats: Self.formatsText
        case .mapping: Self.mappingText
        case .keys: Self.keysText
        case .analysis: AnalysisTopic.text
        }
    }

    private static var exitCodesText: String {
        let rows = Exit.allCases.map { exit in
            let number = String(exit.rawValue)
            return String(repeating: " ", count: 4 - number.count) + number + "  " + exit.meaning
        }
        return """
            Exit codes

            \(rows.joined(separator: "\n"))

            A process that a signal ends, ends by that signal. A reader that closes the pipe early, as head
            does, is no failure. With --json an error is one object on standard error:

              {"error":{"exit":5,"code":"changed","message":"..","hint":".."}}
            """
    }

    private static let filtersText = """
        Filters

          parley list kind:judgment status:open p:60.. by:olga since:2d not:tag:test "port closure"

        Words of a filter must all hold. None of them needs quoting in a shell.

          kind:judgment         records of a kind; kind:a,b of several
          FIELD:VALUE           a choice has this value: status:draft,review confidence:low tlp:amber
          FIELD:WORDS           a text holds this, whatever its case: title:fuel, title:"two words"
          FIELD:A..B            a number or a date from A to B; either may be missing: due:2026-12..
          FIELD@NAME:VALUE      what one analyst says: stance@olga:agree
          status:open           draft, review or coordinated
          p:60..                the median of a judgment's estimates, in percent
          tag:NAME  key:S:ID    has the tag; has the external key
          by:olga               begun or last changed by olga
          since:2d  until:3w    last changed since or before (m, h, d, w), or a date: since:2026-11-01
          under:A-88PD          below that record
          has:FIELD             the field is set; has:review for what was set aside
          is:deleted            only the deleted; is:resolved for notes
          is:due                indicators that want a look, judgments past their date without an outcome
          not:..                the opposite of any of these
          word "two words"      texts that contain them
        """

    private static let environmentText = """
        Environment

          PARLEY_WORKSPACE   the workspace, where -w does not say; a name or a path
          PARLEY_HOME        one folder instead of all XDG folders
          PARLEY_EDITOR      the editor; else VISUAL, else EDITOR, else vi
          PARLEY_PAGER       the pager; else PAGER, else less -FIRX
          PARLEY_OFFLINE     set: never connect
          PARLEY_READ_ONLY   set: never write
          PARLEY_ASCII       set: draw with ASCII only
          NO_COLOR           set: no colour; CLICOLOR_FORCE set: always colour; --color goes before both
          TERM, COLUMNS      the terminal's kind and width
          XDG_CONFIG_HOME    config.toml lies in parley/ below it (~/.config)
          XDG_DATA_HOME      workspaces (~/.local/share)
          XDG_STATE_HOME     logs and texts being edited (~/.local/state)
          XDG_RUNTIME_DIR    sockets

        A relative XDG value is ignored. Secrets never come from the environment.
        """

    private static let formatsText = """
        Formats

          addresses      A-88PD is a record: the kind's letter and the start of its id, 4 characters or
                         more, as long as it is unique. A-88PD.title is a field, A-88PD.stance@olga one
                         analyst's, A-88PD.tags:moscow one member of a set. @3kq7 is a change.
          line           one line, at most 200 characters
          text           Markdown, at most 64 KiB; FIELD=@file and FIELD=@- read it from elsewhere
          probability    60%, 0.6
          date           2026, 2026-11, 2026-11-21
          moment         2026-11-21T14:02:11Z
          truth          yes or no
          reference      the address of a record
          several parts  parts of a tuple are divided by |, as outcome="yes | 2026-11-21"

        Files: JSON Lines holds everything, Markdown one assessment, CSV one kind, STIX 2.1 what goes to
        others and comes from them. In STIX judgments, drivers, evidence.. are notes with all fields in an
        extension, an assessment is a report or a grouping, a link a relationship, a stance an opinion.
        What others send is an actor, evidence, a link or a note with the key stix:ID; what has no field
        stands in x.stix.NAME and goes out again as it came. Documentation/Formats.md has the tables.

        Tables on a terminal are aligned and cut to its width; in a pipe they are TSV without a header, and
        nothing is cut. --json prints whole ids and values; --fields a,b narrows it. Characters that
        would command a terminal are shown as marks, in JSON as escapes.
        """

    private static let keysText = """
        Keys of the full screen, which is not in this version yet

          arrows j k      move          Enter open       Esc q back       Tab next pane
          g G PgUp PgDn   far           / filter         : command        ? all keys
          e edit          E $EDITOR     n new            s set a choice   D y delete
          c review        h history     m matrix         u undo           U redo
          y copy          Space mark    ^L repaint       ^Z suspend
        """
}
