"""What a user sees when a file is wrong: exit 2, a stable class, a caret under the right place, nothing on disk.

Each case is (name, SQL, class, the text the caret must begin under; None = the error has no place).
"""

import pytest

from program import run

SOURCE = "STREAM read_files('in', format => 'json', schema => 'ts TIMESTAMP, k STRING, v INT')"
WATERMARKED = f"(SELECT * FROM {SOURCE} WATERMARK ts DELAY OF INTERVAL '10' SECONDS)"


def table(query, options=""):
    return f"CREATE STREAMING TABLE t {options} AS {query};"


def flow(query, mode="append"):
    return ("CREATE SINK out USING console OPTIONS ('format' = 'json');\n"
            f"CREATE FLOW f OPTIONS ('outputMode' = '{mode}') AS INSERT INTO out\n{query};")


CASES = [
    # syntax
    ("misspelt keyword", "CREAT STREAMING TABLE t AS SELECT 1", "PARSE_SYNTAX_ERROR", "CREAT"),
    ("nothing", "", "PARSE_EMPTY_STATEMENT", None),
    ("only a comment", "-- nothing here\n", "PARSE_EMPTY_STATEMENT", None),
    ("missing FROM item", table("SELECT k FROM"), "PARSE_SYNTAX_ERROR", ";"),
    ("unclosed parenthesis", table(f"SELECT (k FROM {SOURCE}"), "PARSE_SYNTAX_ERROR", "FROM"),
    ("unclosed string", "CREATE SINK s USING console OPTIONS ('format' = 'json);", None, None),
    ("unclosed comment", "/* CREATE SINK", "UNCLOSED_BRACKETED_COMMENT", None),
    ("two commas", table(f"SELECT k,, v FROM {SOURCE}"), "PARSE_SYNTAX_ERROR", ", v"),
    ("watermark after alias", table(f"SELECT * FROM {SOURCE} AS s WATERMARK ts DELAY OF INTERVAL '1' SECOND"),
     "PARSE_SYNTAX_ERROR", "WATERMARK"),
    ("undefined variable", table("SELECT * FROM STREAM read_kafka(bootstrapServers => '${brokers}', subscribe => 't')"),
     "UNDEFINED_VARIABLE", None),
    ("set without value", "SET spark.sql.ansi.enabled;" + table(f"SELECT * FROM {SOURCE}"),
     "UNSUPPORTED_FEATURE.SET_WITHOUT_VALUE", "SET"),
    # names
    ("unknown column", table(f"SELECT kk FROM {SOURCE}"), "UNRESOLVED_COLUMN.WITH_SUGGESTION", "kk"),
    ("unknown column in WHERE", table(f"SELECT k FROM {SOURCE} WHERE w > 1"),
     "UNRESOLVED_COLUMN.WITH_SUGGESTION", "w > 1"),
    ("unknown qualifier", table(f"SELECT x.k FROM {SOURCE} AS s"), "UNRESOLVED_COLUMN.WITH_SUGGESTION", "x.k"),
    ("unknown function", table(f"SELECT uper(k) FROM {SOURCE}"), "UNRESOLVED_ROUTINE", "uper"),
    ("unknown table function", table("SELECT * FROM STREAM read_file('in')"),
     "UNRESOLVABLE_TABLE_VALUED_FUNCTION", None),
    ("unknown view", table("SELECT * FROM STREAM nowhere"), "TABLE_OR_VIEW_NOT_FOUND", "nowhere"),
    ("unknown target", f"CREATE FLOW f AS INSERT INTO nowhere SELECT * FROM {SOURCE};",
     "TABLE_OR_VIEW_NOT_FOUND", "nowhere"),
    ("unknown field", table("SELECT s.b FROM STREAM read_files('in', format => 'json', schema => 's STRUCT<a: INT>')"),
     "FIELD_NOT_FOUND", "s.b"),
    ("field of a number", table(f"SELECT v.x FROM {SOURCE}"), "INVALID_EXTRACT_BASE_FIELD_TYPE", "v.x"),
    ("ambiguous column", table(f"SELECT a FROM (SELECT k AS a, v AS A FROM {SOURCE})"), "AMBIGUOUS_REFERENCE", "a FROM"),
    ("two columns of one name", table(f"SELECT k, v AS k FROM {SOURCE}"), "COLUMN_ALREADY_EXISTS", None),
    ("two tables of one name", table(f"SELECT k FROM {SOURCE}") + table(f"SELECT k FROM {SOURCE}"),
     "PIPELINE_DUPLICATE_IDENTIFIERS.DATASET", None),
    # types
    ("text plus text", table(f"SELECT k + k AS x FROM {SOURCE}"), "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE", None),
    ("NOT of a number", table(f"SELECT NOT v AS x FROM {SOURCE}"), "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", None),
    ("WHERE of a number", table(f"SELECT k FROM {SOURCE} WHERE v"), "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN", "v"),
    ("cast to nowhere", table(f"SELECT CAST(ts AS BOOLEAN) AS x FROM {SOURCE}"), None, None),
    ("unknown type", table(f"SELECT CAST(v AS INTT) AS x FROM {SOURCE}"), "UNSUPPORTED_DATATYPE", None),
    ("unsupported type in a schema", table("SELECT * FROM STREAM read_files('in', format => 'json', schema => 'a ARRAY<CHAR>')"),
     "UNSUPPORTED_DATATYPE", None),
    ("bad schema", table("SELECT * FROM STREAM read_files('in', format => 'json', schema => 'a')"),
     "PARSE_SYNTAX_ERROR", None),
    ("too many arguments", table(f"SELECT upper(k, k) AS x FROM {SOURCE}"), "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "upper"),
    ("sum of text", table(f"SELECT sum(ts) AS x FROM {SOURCE}"), "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", None),
    ("watermark on text", table(f"SELECT * FROM {SOURCE} WATERMARK k DELAY OF INTERVAL '1' SECOND"),
     "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE", None),
    ("watermark without a name", table(f"SELECT * FROM {SOURCE} WATERMARK CAST(k AS TIMESTAMP) DELAY OF INTERVAL '1' SECOND"),
     "REQUIRES_EXPLICIT_NAME_IN_WATERMARK_CLAUSE", None),
    ("two watermarks", table(f"SELECT * FROM {WATERMARKED} WATERMARK ts DELAY OF INTERVAL '1' SECOND"),
     "_LEGACY_ERROR_TEMP_3076", None),
    ("not a table's type", "CREATE STREAMING TABLE t (k INT) AS SELECT k FROM " + SOURCE + ";",
     "INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST", None),
    ("too few columns", "CREATE STREAMING TABLE t (k STRING, n INT) AS SELECT k FROM " + SOURCE + ";",
     "INSERT_COLUMN_ARITY_MISMATCH", None),
    # aggregation
    ("column outside GROUP BY", flow(f"SELECT k, v, count(*) AS n FROM {SOURCE} GROUP BY k", "complete"),
     "MISSING_AGGREGATION", "v, count"),
    ("aggregate in WHERE", flow(f"SELECT k FROM {SOURCE} WHERE count(*) > 1"), "INVALID_WHERE_CONDITION", "count"),
    ("aggregate in GROUP BY", flow(f"SELECT count(*) AS n FROM {SOURCE} GROUP BY count(*)", "complete"),
     "GROUP_BY_AGGREGATE", None),
    ("nested aggregates", flow(f"SELECT sum(count(*)) AS n FROM {SOURCE}", "complete"), "NESTED_AGGREGATE_FUNCTION", None),
    ("GROUP BY position", flow(f"SELECT k, count(*) AS n FROM {SOURCE} GROUP BY 3", "complete"),
     "GROUP_BY_POS_OUT_OF_RANGE", "3"),
    ("two windows", flow(f"SELECT count(*) AS n FROM {WATERMARKED} GROUP BY window(ts, '1 minute'), window(ts, '2 minutes')"),
     "_LEGACY_ERROR_TEMP_1039", None),
    ("window of months", flow(f"SELECT count(*) AS n FROM {WATERMARKED} GROUP BY window(ts, '1 month')"),
     "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", None),
    ("slide beyond the window", flow(f"SELECT count(*) AS n FROM {WATERMARKED} GROUP BY window(ts, '1 minute', '2 minutes')"),
     "DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION", "window"),
    ("window of a number", flow(f"SELECT count(*) AS n FROM {WATERMARKED} GROUP BY window(v, '1 minute')"),
     "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "v"),
    # what a stream may not do
    ("append without watermark", flow(f"SELECT k, count(*) AS n FROM {SOURCE} GROUP BY k"),
     "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION", None),
    ("complete without aggregation", flow(f"SELECT k FROM {SOURCE}", "complete"),
     "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION", None),
    ("ORDER BY on a stream", flow(f"SELECT k FROM {SOURCE} ORDER BY k"), "_LEGACY_ERROR_TEMP_3102", None),
    ("update into Delta", table(f"SELECT k, count(*) AS n FROM {SOURCE} GROUP BY k", "TBLPROPERTIES ('eagre.outputMode' = 'update')"),
     "DELTA_UNSUPPORTED_OUTPUT_MODE", None),
    ("batch source in a flow", flow("SELECT * FROM read_files('in', format => 'text')"),
     "INVALID_FLOW_QUERY_TYPE.BATCH_RELATION_FOR_STREAMING_TABLE", None),
    ("streaming view without STREAM", f"CREATE TEMPORARY VIEW src AS SELECT * FROM {SOURCE};" + flow("SELECT * FROM src"),
     "INCOMPATIBLE_BATCH_VIEW_READ", "src"),
    ("join", flow(f"SELECT a.k FROM {SOURCE} AS a FULL JOIN {SOURCE} AS b ON a.k = b.k"), "_LEGACY_ERROR_TEMP_3102", None),
    ("union with a batch", flow(f"SELECT k FROM {SOURCE} UNION ALL SELECT 'x'"), "_LEGACY_ERROR_TEMP_3102", None),
    ("union of other columns", flow(f"SELECT k FROM {SOURCE} UNION ALL SELECT k, k FROM {SOURCE}"),
     "NUM_COLUMNS_MISMATCH", None),
    ("except", flow(f"SELECT k FROM {SOURCE} EXCEPT SELECT k FROM {SOURCE}"), "_LEGACY_ERROR_TEMP_3102", None),
    ("window function", flow(f"SELECT row_number() OVER (ORDER BY k) AS n FROM {SOURCE}"),
     "NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING", "row_number()"),
    # options
    ("unknown flow option", "CREATE SINK out USING noop; CREATE FLOW f OPTIONS ('outputmod' = 'append') AS INSERT INTO out "
     f"SELECT * FROM {SOURCE};", "UNKNOWN_OPTION", None),
    ("unknown mode", "CREATE SINK out USING noop; CREATE FLOW f OPTIONS ('outputMode' = 'upsert') AS INSERT INTO out "
     f"SELECT * FROM {SOURCE};", "INVALID_OPTION_VALUE", None),
    ("unknown trigger", table(f"SELECT * FROM {SOURCE}", "TBLPROPERTIES ('eagre.trigger' = 'sometimes')"),
     "INVALID_TRIGGER", None),
    ("unknown source option", table("SELECT * FROM STREAM read_files('in', format => 'text', maxFilePerTrigger => 1)"),
     "UNKNOWN_OPTION", None),
    ("option out of range", table("SELECT * FROM STREAM read_files('in', format => 'text', maxFilesPerTrigger => 0)"),
     "INVALID_OPTION_VALUE", None),
    ("option above its range", "SET eagre.source.batchRows = 4097;" + flow(f"SELECT * FROM {SOURCE}"),
     "INVALID_OPTION_VALUE", None),
    ("no schema", table("SELECT * FROM STREAM read_files('in', format => 'json')"), "_LEGACY_ERROR_TEMP_2048", None),
    ("no format", table("SELECT * FROM STREAM read_files('in')"), "REQUIRED_PARAMETER_NOT_FOUND", None),
    ("no topics", table("SELECT * FROM STREAM read_kafka(bootstrapServers => 'b:1')"), None, None),
    ("two ways to topics", table("SELECT * FROM STREAM read_kafka(bootstrapServers => 'b:1', subscribe => 'a', assign => '{\"a\":[0]}')"),
     None, None),
    ("ending offsets on a stream", table("SELECT * FROM STREAM read_kafka(bootstrapServers => 'b:1', subscribe => 'a', endingOffsets => 'latest')"),
     None, None),
    ("offsets that are no JSON", table("SELECT * FROM STREAM read_kafka(bootstrapServers => 'b:1', subscribe => 'a', startingOffsets => '{')"),
     None, None),
    ("refused client setting", table("SELECT * FROM STREAM read_kafka(bootstrapServers => 'b:1', subscribe => 'a', `kafka.auto.offset.reset` => 'earliest')"),
     None, None),
    ("kafka as a table", f"CREATE STREAMING TABLE t USING kafka AS SELECT * FROM {SOURCE};", "DATA_SOURCE_NOT_A_TABLE", None),
    ("unknown sink", "CREATE SINK s USING kafak;", "DATA_SOURCE_NOT_FOUND", None),
    ("kafka sink without value", "CREATE SINK s USING kafka OPTIONS ('kafka.bootstrap.servers' = 'b:1', 'topic' = 't'); "
     f"CREATE FLOW f AS INSERT INTO s SELECT k FROM {SOURCE};", None, None),
    ("unknown setting", "SET spark.sql.shuffle.partition = 4;" + table(f"SELECT * FROM {SOURCE}"), "UNKNOWN_OPTION", None),
    ("unknown zone", "SET spark.sql.session.timeZone = Mars;" + table(f"SELECT * FROM {SOURCE}"), "INVALID_TIMEZONE", None),
    ("a SELECT of its own", "SELECT 1;", "UNSUPPORTED_FEATURE.SELECT_IN_PIPELINE", "SELECT"),
    ("statement of the future", "OPTIMIZE t;", "UNSUPPORTED_FEATURE.STATEMENT", "OPTIMIZE"),
]


@pytest.mark.parametrize("name,sql,error_class,caret", CASES, ids=[case[0] for case in CASES])
def test_wrong_sql_is_refused_with_class_and_place(tmp_path, name, sql, error_class, caret):
    (tmp_path / "in").mkdir()
    (tmp_path / "wrong.sql").write_text(sql)
    before = sorted(tmp_path.rglob("*"))
    done = run("run", "wrong.sql", "--available-now", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "error: [" in done.stderr
    if error_class is not None:
        assert f"error: [{error_class}]" in done.stderr
    if caret is not None:
        assert text_under_caret(done.stderr).startswith(caret), done.stderr
    assert sorted(tmp_path.rglob("*")) == before


def text_under_caret(stderr):
    """The text that begins where the carets begin."""
    lines = stderr.splitlines()
    for above, below in zip(lines, lines[1:]):
        if "^" in below and set(below.replace("|", "").strip()) == {"^"}:
            return above[below.index("^"):]
    return ""


def test_there_are_enough_cases():
    assert len(CASES) >= 60
