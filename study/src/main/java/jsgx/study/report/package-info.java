/** What a study answers: figures with their spread, a table and sentences for each question of the thread of December 2017, and the documents that say so. */
@NullMarked
package jsgx.study.report;

import org.jspecify.annotations.NullMarked;
