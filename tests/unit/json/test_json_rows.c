/* Rows and members (spark-semantics 5.1, 5.2): roots, duplicate and unknown members, nested fields.
 *
 * Expected values are what Spark 4.2 answered, unless a comment says otherwise. */
#include "json_case.h"
#include "test_json.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct json_case root_cases[] = {
    CASE("", "0"),
    CASE(" ", "0"),
    CASE("\n\t\r ", "0"),
    CASE("\013", "!~|~"),
    CASE("\014", "!~|~"),
    CASE("\302\240", "!~|~"),
    CASE("\357\273\277", "!~|~"),
    CASE("\000", "!~|~"),
    CASE("null", "!~|~"),
    CASE(" null ", "!~|~"),
    CASE("nul", "!~|~"),
    CASE("nullx", "!~|~"),
    CASE("true", "!~|~"),
    CASE("false", "!~|~"),
    CASE("0", "!~|~"),
    CASE("-1", "!~|~"),
    CASE("1.5", "!~|~"),
    CASE("1x", "!~|~"),
    CASE("01", "!~|~"),
    CASE("\"x\"", "!~|~"),
    CASE("\"x", "!~|~"),
    CASE("'x'", "!~|~"),
    CASE("x", "!~|~"),
    CASE("[]", "!~|~"),
    CASE("[1]", "!~|~"),
    CASE("[", "!~|~"),
    CASE("[{\"a\":\"x\"}]", "!~|~"),
    CASE("[{\"a\":\"x\"}", "!~|~"),
    CASE("NaN", "!~|~"),
    CASE("-Infinity", "!~|~"),
    CASE("{\"a\":\"x\"}garbage", "+x|~"),
    CASE("{\"a\":\"x\"} {\"a\":\"y\"}", "+x|~"),
    CASE("{\"a\":\"x\"}{\"a\":\"y\"}", "+x|~"),
    CASE("{\"a\":\"x\"},", "+x|~"),
    CASE("{\"a\":\"x\"}]", "+x|~"),
    CASE("{\"a\":\"x\"}}", "+x|~"),
    CASE("{\"a\":\"x\"}\"", "+x|~"),
    CASE("{\"a\":\"x\"}\377", "+x|~"),
    CASE("{\"a\":\"x\"}\000", "+x|~"),
    CASE(" {\"a\":\"x\"}", "+x|~"),
    CASE("\357\273\277{\"a\":\"x\"}", "!~|~"),
    CASE(";{\"a\":\"x\"}", "!~|~"),
    CASE("{\"a\":\"x\"}\n", "+x|~"),
    CASE("({\"a\":\"x\"})", "!~|~"),
};

static void test_root_cases(void **state) {
  (void)state;
  run_group(&(struct json_group){
      .schema = "a STRING, b INT, _corrupt_record STRING",
      .cases = root_cases,
      .case_count = EAGRE_COUNT_OF(root_cases),
  });
}

static const struct json_case member_cases[] = {
    CASE("{\"b\":1,\"b\":2}", "+~|2"),
    CASE("{\"b\":1,\"b\":null}", "+~|~"),
    CASE("{\"b\":null,\"b\":2}", "+~|2"),
    CASE("{\"b\":1,\"b\":\"x\"}", "!~|1"),
    CASE("{\"b\":\"x\",\"b\":1}", "!~|1"),
    CASE("{\"b\":1,\"b\":\"x\",\"b\":2}", "!~|2"),
    CASE("{\"b\":1,\"b\":\"x\",\"b\":null}", "!~|~"),
    CASE("{\"b\":null,\"b\":\"x\"}", "!~|~"),
    CASE("{\"a\":\"x\",\"a\":\"y\"}", "+y|~"),
    CASE("{\"a\":\"x\",\"a\":{\"y\":1}}", "+{\"y\":1}|~"),
    CASE("{\"a\":\"x\",\"a\":null}", "+~|~"),
    CASE("{\"b\":1,\"a\":\"x\",\"b\":2,\"a\":\"y\"}", "+y|2"),
    CASE("{\"a\":null,\"b\":null}", "+~|~"),
    CASE("{\"a\":null}", "+~|~"),
    CASE("{\"z\":null}", "+~|~"),
    CASE("{\"a\":\"x\",\"b\":\"bad\"}", "!x|~"),
    CASE("{\"a\":\"x\",\"b\":{}}", "!x|~"),
    CASE("{\"a\":\"x\",\"b\":[]}", "!x|~"),
    CASE("{\"b\":[1,{\"y\":2}],\"a\":\"x\"}", "!x|~"),
    CASE("{\"b\":{\"y\":[1,2]},\"a\":\"x\"}", "!x|~"),
    CASE("{\"b\":true,\"a\":\"x\"}", "!x|~"),
    CASE("{\"b\":\"\",\"a\":\"x\"}", "!x|~"),
    CASE("{\"b\":NaN,\"a\":\"x\"}", "!x|~"),
    CASE("{\"_corrupt_record\":\"q\",\"b\":1}", "+~|1"),
    CASE("{\"_corrupt_record\":5,\"b\":\"bad\"}", "!~|~"),
    CASE("{\"\\u0061\":\"x\",\"\\u0062\":1}", "+x|1"),
    CASE("{\"\\u0061\\u0062\":\"x\"}", "+~|~"),
    CASE("{\"a\":\"x\",\"\\u0061\":\"y\"}", "+y|~"),
    CASE("{'\\u0061':'x'}", "+x|~"),
    CASE("{\"\\ud83d\":1,\"b\":1}", "+~|1"),
    CASE("{\"z\":1,\"z\":2,\"b\":3}", "+~|3"),
    CASE("{\"b\":1,\"b\":2,\"b\":3,\"b\":4}", "+~|4"),
    CASE("{\"z\":[1],\"b\":1}", "+~|1"),
    CASE("{\"z\":{\"b\":5},\"b\":1}", "+~|1"),
    CASE("{\"z\":{\"b\":5}}", "+~|~"),
    CASE("{\"z\":[{\"b\":5}]}", "+~|~"),
    CASE("{\"b\":1,\"z\":{\"a\":\"y\"},\"a\":\"x\"}", "+x|1"),
    CASE("{\"b\":1,\"z\":\"}\",\"a\":\"x\"}", "+x|1"),
    CASE("{\"b\":1,\"z\":\"\\\"\",\"a\":\"x\"}", "+x|1"),
    CASE("{\"b\":1,\"z\":[\"]\",\"}\"],\"a\":\"x\"}", "+x|1"),
    CASE("{\"b\":{\"y\":1},\"a\":\"x\"}", "!x|~"),
    CASE("{\"b\":[]}", "!~|~"),
};

static void test_member_cases(void **state) {
  (void)state;
  run_group(&(struct json_group){
      .schema = "a STRING, b INT, _corrupt_record STRING",
      .cases = member_cases,
      .case_count = EAGRE_COUNT_OF(member_cases),
  });
}

static const struct json_case question_cases[] = {
    CASE("{\"?\":\"x\",\"a?\":1}", "+x|1"),
    CASE("{\"\\ud83d\":\"x\",\"a\\ude00\":1}", "+~|~"),
    CASE("{\"\377\":\"x\"}", "+~|~"),
    CASE("{\"a\\ud83d\":5,\"?\":\"y\"}", "+y|~"),
};

static void test_question_cases(void **state) {
  (void)state;
  run_group(&(struct json_group){
      .schema = "`?` STRING, `a?` INT, _corrupt_record STRING",
      .cases = question_cases,
      .case_count = EAGRE_COUNT_OF(question_cases),
  });
}

static const struct json_case twice_cases[] = {
    /* A query cannot name the first a, but a row shows it: NULL. */
    CASE("{\"a\":1,\"b\":2}", "+~|2|1"),
    /* A query cannot name the first a, but a row shows it: NULL. */
    CASE("{\"b\":2,\"a\":\"x\"}", "+~|2|x"),
    /* A query cannot name the first a, but a row shows it: NULL. */
    CASE("{\"a\":{\"k\":1}}", "+~|~|{\"k\":1}"),
    /* A query cannot name the first a, but a row shows it: NULL. */
    CASE("{\"a\":1,\"a\":2}", "+~|~|2"),
};

static void test_twice_cases(void **state) {
  (void)state;
  run_group(&(struct json_group){
      .schema = "a INT, b INT, a STRING, _corrupt_record STRING",
      .cases = twice_cases,
      .case_count = EAGRE_COUNT_OF(twice_cases),
  });
}

static const struct json_case twin_cases[] = {
    CASE("{\"a\":1,\"A\":2,\"aa\":3}", "+1|2|3"),
    CASE("{\"A\":2}", "+~|2|~"),
    CASE("{\"a\":1,\"a\":2,\"A\":\"x\"}", "!2|~|~"),
    CASE("{\"Aa\":1}", "+~|~|~"),
};

static void test_twin_cases(void **state) {
  (void)state;
  run_group(&(struct json_group){
      .schema = "a INT, A INT, aa INT, _corrupt_record STRING",
      .cases = twin_cases,
      .case_count = EAGRE_COUNT_OF(twin_cases),
  });
}

static const struct json_case struct_cases[] = {
    CASE("{\"a\":{\"x\":1,\"y\":\"q\",\"s\":{\"q\":1.5}},\"b\":2}", "+(1|q|(1.5))|2"),
    CASE("{\"b\":2,\"a\":{\"s\":{\"q\":1.5},\"y\":\"q\",\"x\":1}}", "+(1|q|(1.5))|2"),
    CASE("{\"a\":{},\"b\":2}", "+(~|~|~)|2"),
    CASE("{\"a\":{\"s\":{}},\"b\":2}", "+(~|~|(~))|2"),
    CASE("{\"a\":null,\"b\":2}", "+~|2"),
    CASE("{\"a\":{\"s\":null},\"b\":2}", "+(~|~|~)|2"),
    CASE("{\"b\":2}", "+~|2"),
    CASE("{\"a\":{\"x\":\"bad\",\"y\":\"q\",\"s\":{\"q\":\"bad\"}},\"b\":2}", "!(~|q|(~))|2"),
    CASE("{\"a\":{\"x\":1},\"a\":{\"y\":\"q\"},\"b\":2}", "+(~|q|~)|2"),
    CASE("{\"a\":{\"x\":1},\"a\":{\"y\":1,\"x\":\"bad\"},\"b\":2}", "!(~|1|~)|2"),
    CASE("{\"a\":{\"x\":1},\"a\":5,\"b\":2}", "!(1|~|~)|2"),
    CASE("{\"a\":{\"x\":1},\"a\":null,\"b\":2}", "+~|2"),
    CASE("{\"a\":null,\"a\":{\"x\":1},\"b\":2}", "+(1|~|~)|2"),
    CASE("{\"a\":[],\"b\":2}", "!~|2"),
    CASE("{\"a\":[{\"x\":1}],\"b\":2}", "!~|2"),
    CASE("{\"a\":{\"x\":1,\"x\":\"bad\"},\"b\":2}", "!(1|~|~)|2"),
    CASE("{\"a\":{\"x\":1,\"x\":3},\"b\":2}", "+(3|~|~)|2"),
    CASE("{\"a\":{\"x\":1,\"s\":{\"q\":2},\"s\":\"bad\"},\"b\":2}", "!(1|~|(2.0))|2"),
    CASE("{\"a\":{\"x\":1,\"s\":{\"q\":2},\"s\":{}},\"b\":2}", "+(1|~|(~))|2"),
    CASE("{\"a\":\"x\",\"b\":2}", "!~|2"),
    CASE("{\"a\":\"\",\"b\":2}", "!~|2"),
    CASE("{\"a\":1,\"b\":2}", "!~|2"),
    CASE("{\"a\":{\"x\":1}}}", "+(1|~|~)|~"),
    CASE("{\"b\":2,\"a\":{\"x\":1", "!~|~"),
    CASE("{\"b\":2,\"a\":{\"x\":1}", "!~|~"),
    CASE("{\"b\":2,\"a\":{\"x\":1,\"y\":\"abc", "!~|~"),
    CASE("{\"b\":2,\"a\":{\"x\":1,", "!~|~"),
    CASE("{\"a\":{\"z\":1,\"x\":2},\"b\":2}", "+(2|~|~)|2"),
    CASE("{\"a\":{\"z\":{\"x\":5},\"x\":2},\"b\":2}", "+(2|~|~)|2"),
    CASE("{\"a\":{\"b\":9},\"b\":2}", "+(~|~|~)|2"),
    CASE("{\"a\":{\"y\":{\"k\":[1, 2]}},\"b\":2}", "+(~|{\"k\":[1,2]}|~)|2"),
    CASE("{\"x\":5,\"y\":\"q\",\"b\":2}", "+~|2"),
    CASE("{\"a\":{\"X\":1,\"x\":2},\"b\":2}", "+(2|~|~)|2"),
    CASE("{\"a\":{\"s\":{\"q\":\"NaN\"}},\"b\":2}", "+(~|~|(NaN))|2"),
    CASE("{\"a\":{\"s\":{\"q\":{}}},\"b\":2}", "!(~|~|(~))|2"),
    CASE("{ \"a\" : { \"x\" : 1 , \"y\" : \"q\" } , \"b\" : 2 }", "+(1|q|~)|2"),
    CASE("{\"a\":{\"x\":1]},\"b\":2}", "!~|~"),
    CASE("{\"a\":{\"\\u0078\":1},\"b\":2}", "+(1|~|~)|2"),
    CASE("{\"a\":{\"y\":\"\\n\"},\"b\":2}", "+(~|\n|~)|2"),
};

static void test_struct_cases(void **state) {
  (void)state;
  run_group(&(struct json_group){
      .schema = "a STRUCT<x: INT, y: STRING, s: STRUCT<q: DOUBLE>>, b INT, _corrupt_record STRING",
      .cases = struct_cases,
      .case_count = EAGRE_COUNT_OF(struct_cases),
  });
}

static const struct json_case all_type_cases[] = {
    CASE("{\"i\":1,\"s\":\"x\",\"d\":1.5,\"o\":true,\"t\":\"2026-01-01T00:00:00.123Z\",\"l\":"
         "123456789012}",
         "+1|x|1.5|T|1767225600123000|123456789012"),
    CASE("{\"l\":1,\"t\":\"2026-01-01T00:00:00Z\",\"o\":false,\"d\":2,\"s\":\"\",\"i\":-5}",
         "+-5||2.0|F|1767225600000000|1"),
    CASE("{\"i\":null,\"s\":null,\"d\":null,\"o\":null,\"t\":null,\"l\":null}", "+~|~|~|~|~|~"),
    CASE("{\"i\": 1, \"s\": \"x\", \"d\": 1.5, \"o\": true, \"t\": \"2026-01-01T00:00:00.123Z\", "
         "\"l\": 5}",
         "+1|x|1.5|T|1767225600123000|5"),
    CASE("{\"i\" : 1 , \"s\" : \"y\" , \"d\" : -1.5e3 , \"o\" : true , \"t\" : "
         "\"2026-06-01T10:20:30.5+02:00\" , \"l\" : -5 }",
         "+1|y|-1500.0|T|1780302030500000|-5"),
    CASE("{\"i\":1,\"s\":\"x\",\"d\":1.5,\"o\":true,\"t\":\"2026-01-01T00:00:00.123Z\",\"l\":5,"
         "\"extra\":[1,2,{\"q\":\"}\"}]}",
         "+1|x|1.5|T|1767225600123000|5"),
    CASE("{\"extra\":{\"i\":9},\"i\":1,\"s\":\"x\"}", "+1|x|~|~|~|~"),
    CASE("{\"i\":1,\"s\":2,\"d\":3,\"o\":4,\"t\":5,\"l\":6}", "!1|2|3.0|~|5000000|6"),
    CASE("{\"i\":\"1\",\"s\":\"2\",\"d\":\"3\",\"o\":\"4\",\"t\":\"5\",\"l\":\"6\"}",
         "!~|2|~|~|~|~"),
    CASE("{\"i\":1.5,\"s\":1.5,\"d\":1.5,\"o\":1.5,\"t\":1.5,\"l\":1.5}", "!~|1.5|1.5|~|~|~"),
    CASE("{\n  \"i\": 1,\n  \"s\": \"x\",\n  \"d\": 1.5,\n  \"o\": true,\n  \"t\": "
         "\"2026-01-01T00:00:00.123Z\",\n  \"l\": 5\n}",
         "+1|x|1.5|T|1767225600123000|5"),
    CASE("{\n\t\"i\": 22,\n\t\"s\": \"longer\",\n\t\"d\": 0.5,\n\t\"o\": false,\n\t\"t\": "
         "\"2027-01-01T00:00:00.123Z\",\n\t\"l\": 7\n}",
         "+22|longer|0.5|F|1798761600123000|7"),
};

static void test_all_type_cases(void **state) {
  (void)state;
  run_group(&(struct json_group){
      .schema =
          "i INT, s STRING, d DOUBLE, o BOOLEAN, t TIMESTAMP, l BIGINT, _corrupt_record STRING",
      .cases = all_type_cases,
      .case_count = EAGRE_COUNT_OF(all_type_cases),
  });
}

int test_json_rows(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_root_cases),     cmocka_unit_test(test_member_cases),
      cmocka_unit_test(test_question_cases), cmocka_unit_test(test_twice_cases),
      cmocka_unit_test(test_twin_cases),     cmocka_unit_test(test_struct_cases),
      cmocka_unit_test(test_all_type_cases),
  };
  return cmocka_run_group_tests_name("json rows", tests, NULL, NULL);
}
